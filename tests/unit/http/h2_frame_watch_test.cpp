#include "http/h2_frame_watch.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <string>

namespace kes::http::test {
namespace {

std::string bigEndian(std::uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  const std::string& payload = "") {
  return bigEndian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + bigEndian(stream, 4) + payload;
}

std::string headers(std::uint32_t stream, bool ends) {
  const auto flags = NGHTTP2_FLAG_END_HEADERS | (ends ? NGHTTP2_FLAG_END_STREAM : 0);
  return frame(NGHTTP2_HEADERS, static_cast<std::uint8_t>(flags), stream, "block");
}

std::string data(std::uint32_t stream, bool ends) {
  return frame(NGHTTP2_DATA, ends ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE, stream, "data");
}

std::string reset(std::uint32_t stream) {
  return frame(NGHTTP2_RST_STREAM, 0, stream, bigEndian(8, 4));
}

std::string priority(std::uint32_t stream, std::uint32_t dependency) {
  return frame(NGHTTP2_PRIORITY, 0, stream, bigEndian(dependency, 4) + 'w');
}

struct Case {
  const char* name;
  std::string sound;
  std::string offending;  // empty = there is nothing to object to
  std::uint32_t error;
};

class H2FrameWatchCases : public testing::TestWithParam<Case> {
 protected:
  const std::string preface_ = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(NGHTTP2_SETTINGS, 0, 0);
};

TEST_P(H2FrameWatchCases, areJudgedInOnePiece) {
  const auto& [name, sound, offending, error] = GetParam();
  H2FrameWatch watch;

  const auto verdict = watch.follow(base::bytesOf(preface_ + sound + offending));

  EXPECT_EQ(verdict.error, error);
  EXPECT_EQ(verdict.sound, preface_.size() + sound.size());
}

TEST_P(H2FrameWatchCases, areJudgedByteByByte) {
  const auto& [name, sound, offending, error] = GetParam();
  H2FrameWatch watch;

  auto found = static_cast<std::uint32_t>(NGHTTP2_NO_ERROR);
  std::size_t seen = 0;
  for (const char byte : preface_ + sound + offending) {
    ++seen;
    found = watch.follow(base::bytesOf(std::string_view(&byte, 1))).error;
    if (found != NGHTTP2_NO_ERROR) break;
  }

  EXPECT_EQ(found, error);
  EXPECT_GE(seen, preface_.size() + sound.size());
}

INSTANTIATE_TEST_SUITE_P(
    Cases, H2FrameWatchCases,
    testing::Values(
        Case{"Requests", headers(1, true) + headers(3, false) + data(3, false) + data(3, true), "", 0},
        Case{"Trailers", headers(1, false) + data(1, false) + headers(1, true), "", 0},
        Case{"DataAfterTheEnd", headers(1, true), data(1, true), NGHTTP2_STREAM_CLOSED},
        Case{"DataAfterTheEndOfTheBody", headers(1, false) + data(1, true), data(1, true),
             NGHTTP2_STREAM_CLOSED},
        Case{"HeadersAfterTheEnd", headers(1, true), headers(1, true), NGHTTP2_STREAM_CLOSED},
        Case{"DataAfterAReset", headers(1, false) + reset(1), data(1, true), NGHTTP2_STREAM_CLOSED},
        Case{"HeadersAfterAReset", headers(1, false) + reset(1), headers(1, true), NGHTTP2_STREAM_CLOSED},
        Case{"HeadersOnASkippedStream", headers(5, true), headers(3, true), NGHTTP2_STREAM_CLOSED},
        Case{"SecondReset", headers(1, false) + reset(1) + reset(1), "", 0},
        Case{"WindowUpdateAfterTheEnd",
             headers(1, true) + frame(NGHTTP2_WINDOW_UPDATE, 0, 1, bigEndian(1, 4)), "", 0},
        Case{"PriorityAfterTheEnd", headers(1, true) + priority(1, 0), "", 0},
        Case{"PriorityOnItself", headers(1, true), priority(3, 3), NGHTTP2_PROTOCOL_ERROR},
        Case{"PriorityOfTheConnection", "", priority(0, 1), NGHTTP2_PROTOCOL_ERROR},
        // nghttp2 has words for these.
        Case{"DataOnAnIdleStream", data(1, true), "", 0},
        Case{"EvenStream", headers(5, true) + headers(2, true), "", 0},
        Case{"ShortPriority", frame(NGHTTP2_PRIORITY, 0, 1, "wxyz"), "", 0}),
    [](const auto& test) { return test.param.name; });

TEST(H2FrameWatch, isLenientAboutStreamsThatItHasForgotten) {
  H2FrameWatch watch;
  std::string sent = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (std::uint32_t stream = 1; stream < 4001; stream += 2) sent += headers(stream, false);

  EXPECT_EQ(watch.follow(base::bytesOf(sent)).error, static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(watch.follow(base::bytesOf(data(1, true) + data(1, true))).error,
            static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_EQ(watch.follow(base::bytesOf(data(3999, true) + data(3999, true))).error,
            static_cast<std::uint32_t>(NGHTTP2_STREAM_CLOSED));
}

}  // namespace
}  // namespace kes::http::test
