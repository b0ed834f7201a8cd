#include "http/h1_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace kes::http::test {
namespace {

// The status a head is refused with, 0 if it is not, when it arrives in two pieces.
int refusalOf(std::string_view head, std::size_t cut) {
  RequestHead parsed;
  H1Parser parser(16 * 1024);
  parser.begin(parsed);
  std::size_t used = 0;
  for (const std::size_t end : {cut, head.size()}) {
    while (used < end) {
      const auto step = parser.parse(base::bytesOf(head.substr(used, end - used)));
      used += step.used;
      if (step.refusal != 0) return step.refusal;
      if (step.needsMore) break;
    }
  }
  return 0;
}

TEST(H1Parser, refusesTheSameWhereverTheHeadIsCut) {
  const std::pair<std::string_view, int> heads[] = {
      {"GET /x HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n", 0},
      {"GET /x HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\nY: z\r\n\r\n", 400},
      {"GET /x HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\nY: z\r\n\r\n", 400},
      {"GET /x HTTP/1.1\r\nX: a\r\n\r\n", 400},
  };
  for (const auto& [head, refusal] : heads) {
    for (std::size_t cut = 0; cut <= head.size(); ++cut) {
      EXPECT_EQ(refusalOf(head, cut), refusal) << head << "cut at " << cut;
    }
  }
}

}  // namespace
}  // namespace kes::http::test
