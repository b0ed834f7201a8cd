#include "base/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kes::base {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, putsEachDurationIntoTheFirstClassThatHoldsIt) {
  struct Case {
    std::chrono::nanoseconds duration;
    std::size_t at;
  };
  const std::size_t last = LatencyHistogram::kBounds.size();
  for (const auto& [duration, at] : {Case{-1ns, 0},
                                     {0ns, 0},
                                     {25us, 0},
                                     {25'001ns, 1},
                                     {10ms, 8},
                                     {10s, last - 1},
                                     {10s + 1ns, last},
                                     {1h, last}}) {
    LatencyHistogram histogram;
    histogram.add(duration);
    EXPECT_EQ(histogram.snapshot().counts[at], 1U) << duration.count();
    EXPECT_EQ(histogram.snapshot().total(), 1U);
    EXPECT_EQ(histogram.snapshot().sum, std::max(duration, 0ns));
  }
}

TEST(LatencyHistogram, snapshotsAddUp) {
  LatencyHistogram one;
  LatencyHistogram other;
  one.add(1ms);
  other.add(1ms);
  other.add(2s);
  auto sum = one.snapshot();
  sum += other.snapshot();
  EXPECT_EQ(sum.total(), 3U);
  EXPECT_EQ(sum.counts[5], 2U);
  EXPECT_EQ(sum.sum, 2002ms);
}

}  // namespace
}  // namespace kes::base
