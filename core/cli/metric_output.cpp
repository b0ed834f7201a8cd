#include "cli/metric_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/time.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/log_output.h"
#include "cli/status_output.h"

namespace kes::cli {
namespace {

double percentOf(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
}

std::string latencyJson(const client::Metrics& metrics) {
  std::map<std::string, std::int64_t> sorted;  // by the text of the bound
  for (const auto& bucket : metrics.latency) sorted[std::to_string(bucket.atMost.count())] = bucket.requests;
  JsonObject object;
  for (const auto& [bound, requests] : sorted) object.number(bound, requests);
  return object.close();
}

}  // namespace

std::string metricsJson(const client::Metrics& metrics) {
  return JsonObject()
      .number("kes_http_request_success", metrics.succeeded)
      .number("kes_http_request_error", metrics.refused)
      .number("kes_http_request_failure", metrics.failed)
      .number("kes_http_request_active", metrics.active)
      .number("kes_log_audit_events", metrics.auditEvents)
      .number("kes_log_error_events", metrics.errorEvents)
      .json("kes_http_response_time", latencyJson(metrics))
      .number("kes_system_up_time", std::chrono::nanoseconds(metrics.upTime).count())
      .number("kes_system_num_cpu", metrics.cpus)
      .number("kes_system_num_cpu_used", metrics.usableCpus)
      .number("kes_system_num_threads", metrics.threads)
      .number("kes_system_mem_heap_used", metrics.heapUsed)
      .number("kes_system_mem_heap_objects", metrics.heapObjects)
      .number("kes_system_mem_stack_used", metrics.stackUsed)
      .close();
}

double requestsPerSecond(const client::Metrics& before, const client::Metrics& now,
                         std::chrono::nanoseconds between) {
  const auto requests = static_cast<double>(std::max<std::int64_t>(now.requests() - before.requests(), 0));
  return requests / std::chrono::duration<double>(between).count();
}

std::chrono::nanoseconds meanLatency(const client::Metrics& metrics) {
  double sum = 0;
  std::int64_t counted = 0;
  for (const auto& bucket : metrics.latency) {
    sum += static_cast<double>(bucket.requests - counted) * static_cast<double>(bucket.atMost.count());
    counted = bucket.requests;
  }
  if (counted <= 0) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(sum / static_cast<double>(counted)));
}

std::string MetricScreen::draw(const client::Metrics& metrics, double perSecond, std::string_view remark) {
  // Back to where the table began, and everything below is cleared.
  std::string out = lines_ == 0 ? "" : fmt::format("\x1b[{}F\x1b[J", lines_);
  std::string text = table(metrics, perSecond);
  if (!remark.empty()) text += style_.paint(Role::failure, printable(remark)) + "\n";
  lines_ = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  return out + text;
}

std::string MetricScreen::table(const client::Metrics& metrics, double perSecond) const {
  const auto cell = [this](Role role, std::size_t width, std::string_view text) {
    return style_.paint(role, fmt::format("{:>{}}", text, width));
  };
  const auto percent = [&](std::int64_t part) {
    return fmt::format("{:.2f}%", percentOf(part, metrics.requests()));
  };
  return style_.paint(Role::label,
                      "Request    OK [2xx]       Err [4xx]       Err [5xx]      Req/s        Latency") +
         "\n" + cell(Role::alive, 19, std::to_string(metrics.succeeded)) +
         cell(Role::warning, 16, std::to_string(metrics.refused)) +
         cell(Role::failure, 16, std::to_string(metrics.failed)) +
         fmt::format("{:>11.2f}{:>15}\n", perSecond, formatLatency(meanLatency(metrics))) +
         cell(Role::alive, 19, percent(metrics.succeeded)) +
         cell(Role::warning, 16, percent(metrics.refused)) +
         cell(Role::failure, 16, percent(metrics.failed)) + "\n\n" +
         style_.paint(Role::label,
                      "System       UpTime            Heap           Stack       CPUs        Threads") +
         "\n" +
         fmt::format("{:>19}{:>16}{:>16}{:>11}{:>15}\n", base::formatDuration(metrics.upTime),
                     formatSize(metrics.heapUsed), formatSize(metrics.stackUsed), metrics.usableCpus,
                     metrics.threads);
}

}  // namespace kes::cli
