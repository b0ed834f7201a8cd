// The metrics that KES has, by its names, types and texts (docs/protocol/http.md, "Metrics").

#include <array>

#include "api/metrics.h"
#include "observe/process.h"

namespace kes::api {
namespace {

using namespace std::chrono_literals;
using observe::MetricsText;
using observe::MetricType;

constexpr std::array<std::chrono::nanoseconds, 10> kBounds = {10ms, 50ms,   100ms, 250ms, 500ms,
                                                              1s,   1500ms, 3s,    5s,    10s};

// Up time is shown in steps of it.
constexpr auto kUpTimeStep = 10ms;

struct Requests {
  std::uint64_t active = 0;
  base::LatencyHistogram::Snapshot duration;
  AnswerCounters::Numbers answers;
};

Requests requestsOf(const Context& context) {
  Requests requests;
  const auto routes = context.counters.routes();
  for (std::size_t i = 0; i < kOperations; ++i) {
    if (!kes::api::routes()[i].countsForKes()) continue;
    requests.duration += routes[i].duration;
    requests.active += routes[i].active();
    for (std::size_t at = 0; at < requests.answers.counts.size(); ++at) {
      requests.answers.counts[at] += routes[i].answers.counts[at];
    }
  }
  return requests;
}

void addAnswers(MetricsText& out, const Requests& requests) {
  struct Class {
    int first;
    std::string_view name;
    std::string_view help;
  };
  static constexpr std::array kClasses = {
      Class{200, "kes_http_request_success", "Number of requests that have been served successfully."},
      Class{400, "kes_http_request_error",
            "Number of request that failed due to some error. (HTTP 4xx status code)"},
      Class{500, "kes_http_request_failure",
            "Number of request that failed due to some internal failure. (HTTP 5xx status code)"}};
  for (const auto& [first, name, help] : kClasses) {
    out.family(MetricType::counter, name, help);
    for (std::size_t at = 0; at < requests.answers.counts.size(); ++at) {
      const int status = AnswerCounters::Numbers::statusOf(at);
      if (status / 100 != first / 100 || requests.answers.counts[at] == 0) continue;
      out.sample(requests.answers.counts[at], {{"code", std::to_string(status)}});
    }
  }
}

void addRequests(MetricsText& out, const Context& context) {
  const Requests requests = requestsOf(context);
  out.gauge("kes_http_request_active", "Number of active requests that are not finished, yet.",
            requests.active);
  addAnswers(out, requests);
  out.family(MetricType::histogram, "kes_http_response_time",
             "Histogram of request response times spawning from 10ms to 10s.");
  out.histogram(requests.duration, {}, kBounds);
}

void addSystem(MetricsText& out, const Context& context) {
  const observe::ProcessUse use = observe::processUse();
  out.gauge("kes_system_mem_heap_objects",
            "The number of objects that are currently allocated on the heap memory.", use.memory.heapObjects);
  out.gauge("kes_system_mem_heap_used",
            "The number of bytes that are currently allocated on the heap memory.", use.memory.heap);
  out.gauge("kes_system_mem_stack_used", "The bytes of stack memory obtained from the OS.", use.memory.stack);
  out.gauge("kes_system_num_cpu",
            "The number of logical CPUs available on the system. It may be larger than the number of usable "
            "CPUs.",
            observe::cpus());
  out.gauge("kes_system_num_cpu_used",
            "The number of logical CPUs usable by the server. It may be smaller than the number of available "
            "CPUs.",
            observe::usableCpus());
  out.gauge("kes_system_num_threads", "The number of concurrent co-routines/threads that currently exists.",
            use.threads);
  const auto upTime = base::SteadyClock::now() - context.startedAt;
  out.gauge("kes_system_up_time", "The time the server has been up and running in seconds.",
            std::chrono::nanoseconds(upTime - upTime % kUpTimeStep));
}

}  // namespace

void addKesMetrics(MetricsText& out, const Context& context) {
  addRequests(out, context);
  const observe::LogCounters log = context.log.counters();
  out.counter("kes_log_audit_events", "Number of audit log events written to the audit log targets.",
              log.audit);
  out.counter("kes_log_error_events", "Number of error log events written to the error log targets.",
              log.error);
  addSystem(out, context);
}

}  // namespace kes::api
