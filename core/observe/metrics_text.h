#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/latency_histogram.h"

namespace kes::observe {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::initializer_list<Label>;

// What a scrape is answered: families of samples in Prometheus' text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats). Knows what a metric looks like, and of no
// metric. Names are the caller's to choose right; values of labels and help may be any text.
class MetricsText {
 public:
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // Starts a family, to which the samples belong that follow. One that gets none leaves no trace.
  void family(MetricType type, std::string_view name, std::string_view help);
  void sample(std::integral auto value, Labels labels = {}) { addSample({}, labels, std::to_string(value)); }
  void sample(double value, Labels labels = {});
  void sample(std::chrono::nanoseconds seconds, Labels labels = {});
  // `bounds` is a part of LatencyHistogram::kBounds, in order.
  void histogram(const base::LatencyHistogram::Snapshot& values, Labels labels = {},
                 std::span<const std::chrono::nanoseconds> bounds = base::LatencyHistogram::kBounds);

  // A family of one sample without labels.
  void counter(std::string_view name, std::string_view help, auto value) {
    family(MetricType::counter, name, help);
    sample(value);
  }
  void gauge(std::string_view name, std::string_view help, auto value) {
    family(MetricType::gauge, name, help);
    sample(value);
  }

  // All of it, sorted by the names of the families.
  [[nodiscard]] std::string take() &&;

 private:
  struct Family {
    std::string name;
    std::string head;  // HELP and TYPE
    std::string samples;
  };

  void addSample(std::string_view suffix, Labels labels, std::string_view value, std::string_view le = {});

  std::vector<Family> families_;
};

}  // namespace kes::observe
