// The metrics that this server has beyond those of KES, for `families=all`. Labels are taken from what the
// program knows, never from what a client sends, so their number is bounded.

#include <algorithm>
#include <array>
#include <set>

#include "api/limit_counters.h"
#include "api/metrics.h"
#include "keystore/plugin_store.h"
#include "observe/process.h"

namespace kes::api {
namespace {

using observe::MetricsText;
using observe::MetricType;

void addRequests(MetricsText& out, const Context& context) {
  const auto counted = context.counters.routes();
  out.family(MetricType::counter, "kes_requests_total", "Requests answered, by route and status.");
  for (std::size_t i = 0; i < kOperations; ++i) {
    for (std::size_t at = 0; at < counted[i].answers.counts.size(); ++at) {
      if (counted[i].answers.counts[at] == 0) continue;
      const std::string code = std::to_string(AnswerCounters::Numbers::statusOf(at));
      out.sample(counted[i].answers.counts[at], {{"route", routes()[i].path}, {"code", code}});
    }
  }
  out.family(MetricType::histogram, "kes_request_duration_seconds",
             "From the arrival of a request's head to its answer, by route.");
  for (std::size_t i = 0; i < kOperations; ++i) {
    if (counted[i].duration.total() != 0) out.histogram(counted[i].duration, {{"route", routes()[i].path}});
  }
  out.family(MetricType::counter, "kes_requests_abandoned_total",
             "Requests whose client had gone before there was an answer, by route.");
  for (std::size_t i = 0; i < kOperations; ++i) {
    if (counted[i].admitted != 0) out.sample(counted[i].abandoned, {{"route", routes()[i].path}});
  }
}

void addRefusals(MetricsText& out, const Context& context) {
  struct Reason {
    Refusal why;
    std::string_view name;
  };
  static constexpr std::array kReasons = {Reason{Refusal::path, "path"},
                                          Reason{Refusal::method, "method"},
                                          Reason{Refusal::noCertificate, "no_certificate"},
                                          Reason{Refusal::tooManyCertificates, "too_many_certificates"},
                                          Reason{Refusal::unknownIdentity, "unknown_identity"},
                                          Reason{Refusal::denied, "denied"},
                                          Reason{Refusal::notAllowed, "not_allowed"},
                                          Reason{Refusal::rate, "rate"}};
  static_assert(kReasons.size() == kRefusals);
  out.family(MetricType::counter, "kes_requests_refused_total",
             "Requests refused before their route began, by reason.");
  for (const auto& [why, name] : kReasons) out.sample(context.counters.times(why), {{"reason", name}});
}

void addCache(MetricsText& out, const keystore::StoreCounters& store) {
  static constexpr std::array<std::string_view, keystore::kEvictions> kReasons = {"expired", "changed",
                                                                                  "written"};
  out.counter("kes_cache_hits_total", "Keys found in the cache.", store.hits);
  out.counter("kes_cache_misses_total", "Keys that had to be read from the key store.", store.misses);
  out.family(MetricType::counter, "kes_cache_evictions_total", "Keys dropped from the cache, by reason.");
  for (std::size_t i = 0; i < kReasons.size(); ++i) out.sample(store.evicted[i], {{"reason", kReasons[i]}});
  out.gauge("kes_cache_entries", "Keys in the cache.", store.entries);
  out.gauge("kes_cache_oldest_entry_seconds",
            "How long ago the key store has confirmed the key for which that is longest ago.", store.oldest);
}

void addStore(MetricsText& out, const keystore::StoreCounters& store) {
  out.family(MetricType::histogram, "kes_store_call_duration_seconds",
             "How long calls into the key store took, by operation.");
  for (std::size_t i = 0; i < keystore::kStoreOperations; ++i) {
    const auto& duration = store.operations[i].duration;
    const auto name = keystore::storeOperationName(static_cast<keystore::StoreOperation>(i));
    if (duration.total() != 0) out.histogram(duration, {{"operation", name}});
  }
  out.family(MetricType::counter, "kes_store_calls_total",
             "Calls into the key store, by operation and outcome.");
  for (std::size_t i = 0; i < keystore::kStoreOperations; ++i) {
    const auto name = keystore::storeOperationName(static_cast<keystore::StoreOperation>(i));
    for (std::size_t outcome = 0; outcome < keystore::kStoreOutcomes; ++outcome) {
      const std::uint64_t count = store.operations[i].outcomes[outcome];
      if (count == 0) continue;
      out.sample(count, {{"operation", name}, {"outcome", keystore::storeOutcomeName(outcome)}});
    }
  }
  out.gauge("kes_store_offline", "1 while the key store counts as unreachable, else 0.",
            static_cast<int>(store.offline));
  out.gauge("kes_store_queued_calls", "Calls that wait for a thread.", store.queued);
  out.gauge("kes_store_running_calls", "Calls inside the key store.", store.running);
  out.gauge("kes_store_stuck_calls", "Calls inside the key store past their deadline.", store.stuck);
  out.gauge("kes_store_threads", "Threads for calls into the key store.", store.threads);
}

void addHandshakes(MetricsText& out, const http::Counters& http) {
  static constexpr std::array<std::string_view, http::kHandshakeFailures> kReasons = {
      "timeout", "evicted", "closed", "network", "plaintext", "certificate", "protocol"};
  out.family(MetricType::counter, "kes_tls_handshakes_total", "TLS handshakes that succeeded, by kind.");
  out.sample(http.handshakes - http.resumed, {{"kind", "full"}});
  out.sample(http.resumed, {{"kind", "resumed"}});
  out.family(MetricType::counter, "kes_tls_handshake_failures_total",
             "TLS handshakes that failed, by reason.");
  for (std::size_t i = 0; i < kReasons.size(); ++i) out.sample(http.failures[i], {{"reason", kReasons[i]}});
}

void addConnections(MetricsText& out, const http::Counters& http) {
  static constexpr std::array<std::string_view, http::kProtocols> kNames = {"http/1.1", "h2"};
  out.counter("kes_connections_accepted_total", "TCP connections accepted.", http.accepted);
  out.family(MetricType::counter, "kes_connections_opened_total",
             "Connections established, TLS included, by protocol.");
  for (std::size_t i = 0; i < kNames.size(); ++i) out.sample(http.opened[i], {{"protocol", kNames[i]}});
  out.family(MetricType::gauge, "kes_connections", "Established connections now, by protocol.");
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    out.sample(http.opened[i] - std::min(http.closed[i], http.opened[i]), {{"protocol", kNames[i]}});
  }
}

void addCertificates(MetricsText& out, const http::CertificateExpiry& expiry) {
  out.family(MetricType::gauge, "kes_tls_certificate_not_after_timestamp_seconds",
             "When certificates end, as Unix time: the server's, and the first of its chain and of tls.ca.");
  if (expiry.server) out.sample(*expiry.server, {{"certificate", "server"}});
  if (expiry.chain) out.sample(*expiry.chain, {{"certificate", "chain"}});
  if (expiry.ca) out.sample(*expiry.ca, {{"certificate", "ca"}});
}

void addLimits(MetricsText& out, const http::Counters& http, const Context& context) {
  out.family(MetricType::counter, "kes_limit_reached_total",
             "How often a limit of the configuration's section `limits` was reached, by its name there.");
  for (const auto& [name, help, value] : limitCounters(http, context)) out.sample(value, {{"limit", name}});
}

// A family for each metric that the plugin has registered. Two plugins whose ids and names come to the same
// cannot both be shown.
void addPlugins(MetricsText& out) {
  std::set<std::string> names;
  for (const auto& metric : keystore::pluginMetrics()) {
    std::string name = "kes_plugin_" + metric.pluginId + '_' + metric.name;
    std::ranges::replace(name, '-', '_');
    if (!names.insert(name).second) continue;
    const bool counts = metric.kind == keystore::PluginMetric::Kind::counter;
    out.family(counts ? MetricType::counter : MetricType::gauge, name, metric.help);
    out.sample(metric.value);
  }
}

void addProcess(MetricsText& out, const Context& context) {
  const observe::ProcessUse use = observe::processUse();
  out.family(MetricType::gauge, "kes_build_info", "Which release this is, as labels.");
  out.sample(1, {{"version", context.version}, {"commit", context.commit}});
  out.counter("kes_log_dropped_total", "Log lines that were lost, because the log was read too slowly.",
              context.log.counters().dropped);
  out.counter("process_cpu_seconds_total", "CPU time used.", observe::cpuTime());
  out.gauge("process_resident_memory_bytes", "Memory in use.", use.memory.resident);
  out.gauge("process_virtual_memory_bytes", "Address space in use.", use.memory.virtualSize);
  out.gauge("process_open_fds", "Open file descriptors.", observe::openFiles());
  out.gauge("process_max_fds", "File descriptors that may be open.", observe::mostOpenFiles());
  out.gauge("process_start_time_seconds", "When the server was started, as Unix time.",
            std::chrono::nanoseconds(std::chrono::seconds(context.startedOn.seconds)) +
                std::chrono::nanoseconds(context.startedOn.nanos));
}

}  // namespace

void addFinerMetrics(MetricsText& out, const Context& context) {
  addRequests(out, context);
  addRefusals(out, context);
  const keystore::StoreCounters store = context.state.get()->store->counters();
  addCache(out, store);
  addStore(out, store);
  addPlugins(out);
  addProcess(out, context);
  const http::Server* const server = context.server;
  if (server == nullptr) return;  // about to listen
  const http::Counters http = server->counters();
  addHandshakes(out, http);
  addConnections(out, http);
  addCertificates(out, server->certificateExpiry());
  addLimits(out, http, context);
}

}  // namespace kes::api
