// Request heads as they are kept, response heads as they are written.

#include <gtest/gtest.h>

#include <ctime>

#include "http/request_head.h"
#include "http/response_head.h"

namespace kes::http {
namespace {

using namespace std::string_view_literals;

TEST(RequestHead, keepsWhatItWasGiven) {
  RequestHead head;
  head.setMethod("PUT");
  head.setTarget("/v1/key/create/my-key");
  head.addField("X-First", "One");
  head.addField("x-first", "Two");
  head.addField("Empty", "");

  EXPECT_EQ(head.method(), "PUT");
  EXPECT_EQ(head.target(), "/v1/key/create/my-key");
  EXPECT_EQ(head.field("X-FIRST"), "One");
  EXPECT_EQ(head.count("x-First"), 2U);
  EXPECT_EQ(head.field("empty"), "");
  EXPECT_EQ(head.count("empty"), 1U);
  EXPECT_EQ(head.count("x-firs"), 0U);
}

TEST(RequestHead, forgetsEverythingOnClear) {
  RequestHead head;
  head.setMethod("PUT");
  head.addField("a", std::string(100'000, 'x'));

  head.clear();

  EXPECT_EQ(head.method(), "");
  EXPECT_EQ(head.count("a"), 0U);
  EXPECT_EQ(head.listSize(), 0U);
}

std::string written(const ResponseHead& head) {
  WipedBytes out;
  appendResponseHead(out, head);
  return std::string(base::textOf(out.view()));
}

TEST(ResponseHead, isWrittenInFull) {
  const Exchange::Header extra[] = {{"retry-after", "1"}};

  EXPECT_EQ(written({.status = 503,
                     .date = "D",
                     .contentType = "application/json",
                     .contentLength = 12,
                     .extra = extra,
                     .close = true}),
            "HTTP/1.1 503 Service Unavailable\r\nDate: D\r\nContent-Type: "
            "application/json\r\nContent-Length: 12\r\n"
            "retry-after: 1\r\nConnection: close\r\n\r\n");
}

TEST(ResponseHead, hasNoLengthWhereNoBodyMayBe) {
  EXPECT_EQ(
      written(
          {.status = 204, .date = "D", .contentType = {}, .contentLength = 0, .extra = {}, .close = false}),
      "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
}

TEST(ResponseHead, nothingThatSplitsItIsSendable) {
  EXPECT_TRUE(isSendable({"location", "/a?b=c d\t\xc3\xa4"}));
  for (const std::string_view value : {"a\r\nb"sv, "a\nb"sv, "\x7f"sv, "a\0b"sv}) {
    EXPECT_FALSE(isSendable({"x", value}));
  }
  for (const std::string_view name : {"", "a b", "a:", "a\r\n"}) EXPECT_FALSE(isSendable({name, "v"}));
}

TEST(DateText, isTheDateOfNowInTheFormatOfTheField) {
  DateText date;
  std::string before(29, '\0');
  std::string after(29, '\0');
  const auto format = [](std::string& out) {
    const auto now = std::time(nullptr);
    std::strftime(out.data(), out.size() + 1, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&now));
  };

  format(before);
  const std::string text(date.at(base::SteadyClock::now()));
  format(after);

  EXPECT_TRUE(text == before || text == after) << text;
}

}  // namespace
}  // namespace kes::http
