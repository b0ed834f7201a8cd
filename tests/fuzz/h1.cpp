// HTTP/1.1 as a client sends it, through a session (http/h1_session.h). The input is what comes over the
// connection, and one byte that says how it is fed.
#include <charconv>
#include <optional>
#include <string>

#include "http/h1_session.h"
#include "session_driver.h"

namespace kes::fuzz {
namespace {

struct Head {
  int status = 0;
  std::size_t size = 0;           // of the head
  std::size_t contentLength = 0;  // 0 where there is none
  bool closes = false;
};

std::optional<Head> parseHead(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  const auto end = text.find("\r\n\r\n");
  if (!text.starts_with(kVersion) || end == text.npos) return std::nullopt;
  Head head{.size = end + 4};
  const auto fields = text.substr(0, end + 2);
  std::from_chars(text.data() + kVersion.size(), text.data() + end, head.status);
  head.closes = fields.find("\r\nConnection: close\r\n") != fields.npos;
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  if (const auto at = fields.find(kLength); at != fields.npos) {
    std::from_chars(fields.data() + at + kLength.size(), fields.data() + end, head.contentLength);
  }
  return head;
}

// Walks the responses as a client would. Which requests were HEAD is not known here, so that a body may be
// missing where another response begins in its place, or nothing follows.
void checkResponses(std::string_view output, std::size_t requests) {
  std::size_t answers = 0;
  bool closed = false;
  while (!output.empty()) {
    require(!closed, "nothing follows the last response");
    const auto head = parseHead(output);
    require(head.has_value(), "a response begins where one should");
    require(head->status >= 100 && head->status <= 599, "its status is one");
    output.remove_prefix(head->size);
    if (head->status == 100) continue;
    ++answers;
    closed = head->closes;
    const bool bodiless = output.empty() || output.starts_with("HTTP/1.1 ");
    if (head->contentLength == 0 || bodiless) continue;
    require(output.size() >= head->contentLength, "a body is as long as its Content-Length");
    output.remove_prefix(head->contentLength);
  }
  require(answers <= requests + 1, "there is a response for each request, and one to refuse what is none");
}

void check(base::ByteView input, Feeding feeding) {
  StillLoop still(limitsFor(feeding));
  if (feeding.lively) {
    const std::string output = live<http::H1Session>(still, input, feeding);
    checkResponses(output, still.recorder().requests());
    return;
  }
  // Depending on the cut, what is wrong with a head is seen at once or when the head ends. So have it end.
  base::Bytes ended(input.begin(), input.end());
  ended.insert(ended.end(), {'\r', '\n', '\r', '\n'});
  const auto whole = speak<http::H1Session>(still, ended, feeding, false);
  checkResponses(whole.output, still.recorder().requests());
  const auto pieces = speak<http::H1Session>(still, ended, feeding, true);
  // A head that is too long and malformed may be refused as either.
  if (ended.size() > still.loop().limits().headerSize) return;
  requireSame(whole, pieces);
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kes::fuzz::check({data, size - 1}, kes::fuzz::Feeding(data[size - 1]));
  return 0;
}
