#include "client/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace kes::client {
namespace {

// One line of the format: name{labels} value [timestamp].
struct Sample {
  std::string_view name;
  std::string_view labels;  // what is between the braces
  double value = 0;
};

// Also NaN and ±Inf, as the format spells them. A "+" in front is allowed.
std::optional<double> numberOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Where the labels end: at the first brace outside of a quoted value.
std::size_t endOfLabels(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '}' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::optional<Sample> parseSample(std::string_view line) {
  Sample sample;
  const auto end = line.find_first_of("{ \t");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  sample.name = line.substr(0, end);
  line.remove_prefix(end);
  if (line.front() == '{') {
    line.remove_prefix(1);
    const auto close = endOfLabels(line);
    if (close == std::string_view::npos) return std::nullopt;
    sample.labels = line.substr(0, close);
    line.remove_prefix(close + 1);
  }
  line = base::trimmed(line);
  const auto value = numberOf(line.substr(0, line.find_first_of(" \t")));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

// No server counts further, and sums of these stay numbers.
constexpr std::int64_t kMost = 1'000'000'000'000'000;
constexpr std::int64_t kMostSeconds = 9'000'000'000;  // as nanoseconds they still fit

// The value as a whole number, cut to these bounds.
std::int64_t integerOf(double value) {
  if (std::isnan(value)) return 0;
  constexpr auto kLimit = static_cast<double>(kMost);
  return static_cast<std::int64_t>(std::clamp(value, -kLimit, kLimit));
}

// The bound of a bucket, {le="0.25"}; nothing for +Inf and what is no bound.
std::optional<std::chrono::nanoseconds> boundOf(std::string_view labels) {
  constexpr std::string_view kLabel = "le=\"";
  const auto at = labels.find(kLabel);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view text = labels.substr(at + kLabel.size());
  const auto bound = numberOf(text.substr(0, text.find('"')));
  if (!bound || !std::isfinite(*bound)) return std::nullopt;
  return std::chrono::nanoseconds(integerOf(std::round(*bound * 1e9)));
}

struct Field {
  std::string_view name;
  std::int64_t Metrics::* member;
};

constexpr Field kFields[] = {
    {"kes_http_request_success", &Metrics::succeeded},
    {"kes_http_request_error", &Metrics::refused},
    {"kes_http_request_failure", &Metrics::failed},
    {"kes_http_request_active", &Metrics::active},
    {"kes_log_audit_events", &Metrics::auditEvents},
    {"kes_log_error_events", &Metrics::errorEvents},
    {"kes_system_num_cpu", &Metrics::cpus},
    {"kes_system_num_cpu_used", &Metrics::usableCpus},
    {"kes_system_num_threads", &Metrics::threads},
    {"kes_system_mem_heap_used", &Metrics::heapUsed},
    {"kes_system_mem_heap_objects", &Metrics::heapObjects},
    {"kes_system_mem_stack_used", &Metrics::stackUsed},
};

void take(const Sample& sample, Metrics& out) {
  if (sample.name == "kes_system_up_time") {
    out.upTime = std::chrono::seconds(std::clamp<std::int64_t>(integerOf(sample.value), 0, kMostSeconds));
  } else if (sample.name == "kes_http_response_time_bucket") {
    if (const auto bound = boundOf(sample.labels)) {
      out.latency.push_back({*bound, integerOf(sample.value)});
    }
  }
  for (const Field& field : kFields) {
    if (field.name != sample.name) continue;
    std::int64_t& sum = out.*field.member;
    sum = std::clamp(sum + integerOf(sample.value), -kMost, kMost);
  }
}

}  // namespace

base::Outcome<Metrics> parseMetrics(std::string_view text) {
  Metrics metrics;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = base::trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    const auto sample = parseSample(line);
    if (!sample) return base::fail(fmt::format("line {} is not a sample", number));
    take(*sample, metrics);
  }
  return metrics;
}

}  // namespace kes::client
