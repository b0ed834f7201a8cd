#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cli/style.h"
#include "client/metrics.h"

namespace kes::cli {

// The members and their order are those that the Go program prints.
[[nodiscard]] std::string metricsJson(const client::Metrics& metrics);

// Answered requests per second between two readings.
[[nodiscard]] double requestsPerSecond(const client::Metrics& before, const client::Metrics& now,
                                       std::chrono::nanoseconds between);

// How long an answer takes on average, taken from the bounds of the histogram: an upper estimate.
[[nodiscard]] std::chrono::nanoseconds meanLatency(const client::Metrics& metrics);

// A table on a terminal that replaces itself.
class MetricScreen {
 public:
  explicit MetricScreen(Style style) : style_(style) {}

  // What to print to have the table show this, with a `remark` below it unless that is empty.
  [[nodiscard]] std::string draw(const client::Metrics& metrics, double perSecond, std::string_view remark);

 private:
  [[nodiscard]] std::string table(const client::Metrics& metrics, double perSecond) const;

  Style style_;
  std::size_t lines_ = 0;  // on the screen
};

}  // namespace kes::cli
