#include "observe/metrics_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace kes::observe {
namespace {

using base::LatencyHistogram;

std::string_view typeName(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

void appendEscaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quoted && c == '"')) {
      (out += '\\') += c;
    } else {
      out += c;
    }
  }
}

std::string seconds(std::chrono::nanoseconds duration) {
  return fmt::format("{}", std::chrono::duration<double>(duration).count());
}

}  // namespace

void MetricsText::family(MetricType type, std::string_view name, std::string_view help) {
  Family& made = families_.emplace_back(Family{std::string(name), {}, {}});
  made.head = fmt::format("# HELP {} ", name);
  appendEscaped(made.head, help, false);
  made.head += fmt::format("\n# TYPE {} {}\n", name, typeName(type));
}

void MetricsText::sample(double value, Labels labels) {
  addSample({}, labels, fmt::format("{}", value));
}

void MetricsText::sample(std::chrono::nanoseconds value, Labels labels) {
  addSample({}, labels, seconds(value));
}

void MetricsText::histogram(const LatencyHistogram::Snapshot& values, Labels labels,
                            std::span<const std::chrono::nanoseconds> bounds) {
  std::uint64_t count = 0;
  std::size_t at = 0;
  for (const auto bound : bounds) {
    for (; at < LatencyHistogram::kBounds.size() && LatencyHistogram::kBounds[at] <= bound; ++at) {
      count += values.counts[at];
    }
    addSample("_bucket", labels, std::to_string(count), seconds(bound));
  }
  const std::string total = std::to_string(values.total());
  addSample("_bucket", labels, total, "+Inf");
  addSample("_sum", labels, seconds(values.sum));
  addSample("_count", labels, total);
}

std::string MetricsText::take() && {
  std::ranges::sort(families_, {}, &Family::name);
  std::string text;
  for (const Family& family : families_) {
    if (!family.samples.empty()) (text += family.head) += family.samples;
  }
  families_.clear();
  return text;
}

void MetricsText::addSample(std::string_view suffix, Labels labels, std::string_view value,
                            std::string_view le) {
  std::string& out = families_.back().samples;
  (out += families_.back().name) += suffix;
  char separator = '{';
  const auto add = [&](std::string_view name, std::string_view text) {
    ((out += separator) += name) += "=\"";
    appendEscaped(out, text, true);
    out += '"';
    separator = ',';
  };
  for (const auto& [name, text] : labels) add(name, text);
  if (!le.empty()) add("le", le);
  if (separator == ',') out += '}';
  ((out += ' ') += value) += '\n';
}

}  // namespace kes::observe
