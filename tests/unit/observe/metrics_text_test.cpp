#include "observe/metrics_text.h"

#include <gtest/gtest.h>

#include <array>

namespace kes::observe {
namespace {

using namespace std::chrono_literals;

TEST(MetricsText, sortsFamiliesAndLeavesOutThoseWithoutSamples) {
  MetricsText text;
  text.counter("kes_b_total", "Second.", 7);
  text.family(MetricType::counter, "kes_c_total", "Nothing was counted.");
  text.gauge("kes_a", "First.", -1);
  EXPECT_EQ(std::move(text).take(),
            "# HELP kes_a First.\n# TYPE kes_a gauge\nkes_a -1\n"
            "# HELP kes_b_total Second.\n# TYPE kes_b_total counter\nkes_b_total 7\n");
}

TEST(MetricsText, writesNumbersWithoutLoss) {
  MetricsText text;
  text.family(MetricType::gauge, "n", "Numbers.");
  text.sample(18'446'744'073'709'551'615U, {{"of", "integers"}});
  text.sample(0.1, {{"of", "fractions"}});
  text.sample(1'500ms, {{"of", "durations"}});
  text.sample(std::chrono::nanoseconds(1), {{"of", "nanoseconds"}});
  EXPECT_EQ(std::move(text).take(),
            "# HELP n Numbers.\n# TYPE n gauge\nn{of=\"integers\"} 18446744073709551615\n"
            "n{of=\"fractions\"} 0.1\nn{of=\"durations\"} 1.5\nn{of=\"nanoseconds\"} 1e-09\n");
}

TEST(MetricsText, escapesHelpAndLabels) {
  MetricsText text;
  text.family(MetricType::gauge, "n", "A \"help\",\nwith \\ in it.");
  text.sample(1, {{"a", "say \"x\""}, {"b", "\\\n"}});
  EXPECT_EQ(
      std::move(text).take(),
      "# HELP n A \"help\",\\nwith \\\\ in it.\n# TYPE n gauge\nn{a=\"say \\\"x\\\"\",b=\"\\\\\\n\"} 1\n");
}

TEST(MetricsText, countsOfAHistogramGoUpToTheBoundsAskedFor) {
  base::LatencyHistogram histogram;
  for (const auto duration : {std::chrono::nanoseconds(20us), std::chrono::nanoseconds(10ms),
                              std::chrono::nanoseconds(11ms), std::chrono::nanoseconds(20s)}) {
    histogram.add(duration);
  }
  constexpr std::array<std::chrono::nanoseconds, 2> kBounds = {10ms, 1500ms};
  MetricsText text;
  text.family(MetricType::histogram, "t", "Times.");
  text.histogram(histogram.snapshot(), {{"route", "/x"}}, kBounds);
  EXPECT_EQ(std::move(text).take(),
            "# HELP t Times.\n# TYPE t histogram\n"
            "t_bucket{route=\"/x\",le=\"0.01\"} 2\nt_bucket{route=\"/x\",le=\"1.5\"} 3\n"
            "t_bucket{route=\"/x\",le=\"+Inf\"} 4\n"
            "t_sum{route=\"/x\"} 20.02102\nt_count{route=\"/x\"} 4\n");
}

TEST(MetricsText, aHistogramWithoutLabelsHasOnlyItsBounds) {
  MetricsText text;
  text.family(MetricType::histogram, "t", "Times.");
  text.histogram({}, {}, {});
  EXPECT_EQ(std::move(text).take(),
            "# HELP t Times.\n# TYPE t histogram\nt_bucket{le=\"+Inf\"} 0\nt_sum 0\nt_count 0\n");
}

}  // namespace
}  // namespace kes::observe
