#include "load/histogram.h"

#include <gtest/gtest.h>

namespace kes::load {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(Histogram, percentilesAreWithinOneInAHundredAndTwentyEight) {
  Histogram histogram;
  for (int i = 1; i <= 100'000; ++i) histogram.add(microseconds(i));

  EXPECT_EQ(histogram.count(), 100'000U);
  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = share * 100'000;
    EXPECT_GE(histogram.percentileMicros(share), exact) << "never flatters";
    EXPECT_LE(histogram.percentileMicros(share), exact * (1 + 1.0 / 128) + 1);
  }
}

TEST(Histogram, smallValuesAreExact) {
  Histogram histogram;
  for (int i = 0; i < 100; ++i) histogram.add(nanoseconds(i));

  EXPECT_DOUBLE_EQ(histogram.percentileMicros(0.25), 0.025);
  EXPECT_DOUBLE_EQ(histogram.largestMicros(), 0.099);
}

TEST(Histogram, noPercentileIsAboveTheLargest) {
  Histogram histogram;
  histogram.add(nanoseconds(1'000'001));

  EXPECT_DOUBLE_EQ(histogram.percentileMicros(0), 1000.001);
  EXPECT_DOUBLE_EQ(histogram.percentileMicros(1), 1000.001);
}

TEST(Histogram, oneOutlierInTenThousandShowsWhereItBelongs) {
  Histogram histogram;
  for (int i = 0; i < 9'999; ++i) histogram.add(microseconds(10));
  histogram.add(std::chrono::seconds(1));

  EXPECT_LT(histogram.percentileMicros(0.999), 11);
  EXPECT_DOUBLE_EQ(histogram.percentileMicros(0.9999), 1e6);
}

TEST(Histogram, takesAnyDuration) {
  Histogram histogram;
  histogram.add(nanoseconds(-5));
  histogram.add(nanoseconds::max());

  EXPECT_DOUBLE_EQ(histogram.percentileMicros(0), 0);
  EXPECT_DOUBLE_EQ(histogram.largestMicros(), static_cast<double>(nanoseconds::max().count()) / 1000);
}

TEST(Histogram, forgetsWhenCleared) {
  Histogram histogram;
  histogram.add(microseconds(7));
  histogram.clear();

  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_DOUBLE_EQ(histogram.percentileMicros(0.5), 0);
}

}  // namespace
}  // namespace kes::load
