#include "base/time.h"

#include <gtest/gtest.h>

namespace kes::base {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, formatsWithoutTrailingZeros) {
  EXPECT_EQ(formatRfc3339({1705055960, 886816000}), "2024-01-12T10:39:20.886816Z");
  EXPECT_EQ(formatRfc3339({0, 0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(formatRfc3339({-1, 1}), "1969-12-31T23:59:59.000000001Z");
  EXPECT_EQ(formatRfc3339(Timestamp{}), "0001-01-01T00:00:00Z");
}

TEST(Rfc3339, readsWhatItWrites) {
  for (const Timestamp time : {Timestamp{}, Timestamp{1705055960, 886816000}, Timestamp{0, 1},
                               Timestamp{253402300799, 0}, Timestamp::now()}) {
    EXPECT_EQ(parseRfc3339(formatRfc3339(time)), time);
    EXPECT_EQ(parseRfc3339(formatRfc3339Local(time)), time);
  }
}

TEST(Rfc3339, readsOffsets) {
  EXPECT_EQ(parseRfc3339("2024-01-12T11:39:20+01:00"), (Timestamp{1705055960, 0}));
  EXPECT_EQ(parseRfc3339("2024-01-12T05:09:20-05:30"), (Timestamp{1705055960, 0}));
}

TEST(Rfc3339, refusesMalformedTimes) {
  for (const char* text :
       {"", "2024-01-12", "2024-01-12T10:39:20", "2024-13-12T10:39:20Z", "2024-02-30T10:39:20Z",
        "2024-01-12T24:39:20Z", "2024-01-12T10:39:20.Z", "2024-01-12T10:39:20Zx", "24-01-12T10:39:20Z"}) {
    EXPECT_FALSE(parseRfc3339(text)) << text;
  }
}

TEST(Duration, readsGoSyntax) {
  EXPECT_EQ(parseDuration("5m0s"), 5min);
  EXPECT_EQ(parseDuration("1.5h"), 90min);
  EXPECT_EQ(parseDuration("300ms"), 300ms);
  EXPECT_EQ(parseDuration("-2us"), -2us);
  EXPECT_EQ(parseDuration("+1h2m3s4ms5us6ns"), 1h + 2min + 3s + 4ms + 5us + 6ns);
  EXPECT_EQ(parseDuration("3\u00b5s"), 3us);
  EXPECT_EQ(parseDuration(".5s"), 500ms);
  EXPECT_EQ(parseDuration("0"), 0ns);
  EXPECT_EQ(parseDuration("2562047h47m16.854775807s"), std::chrono::nanoseconds::max());
}

TEST(Duration, refusesMalformedText) {
  for (const char* text :
       {"", "5", "30", "s", ".s", "1.2.3s", "1x", "1s 2s", "-", "1e3s", "5 m", "9999999999h"}) {
    EXPECT_FALSE(parseDuration(text)) << text;
  }
}

TEST(Duration, printsAsGoDoes) {
  EXPECT_EQ(formatDuration(0s), "0s");
  EXPECT_EQ(formatDuration(1ns), "1ns");
  EXPECT_EQ(formatDuration(1500us), "1.5ms");
  EXPECT_EQ(formatDuration(2300ms), "2.3s");
  EXPECT_EQ(formatDuration(2min), "2m0s");
  EXPECT_EQ(formatDuration(1h + 5min), "1h5m0s");
  EXPECT_EQ(formatDuration(-1500ms), "-1.5s");
  EXPECT_EQ(formatDuration(1234567ns), "1.234567ms");
}

}  // namespace
}  // namespace kes::base
