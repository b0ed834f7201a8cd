// What the server tells about itself: version, ready, status, metrics, api.

#include <fmt/format.h>

#include <algorithm>

#include "api/handler.h"
#include "api/metrics.h"
#include "base/encoding.h"
#include "observe/process.h"

namespace kes::api {
namespace {

using http::Exchange;

// Go's names of architectures, which clients show.
constexpr std::string_view kArchitecture =
#if defined(__x86_64__)
    "amd64";
#elif defined(__aarch64__)
    "arm64";
#elif defined(__powerpc64__)
    "ppc64le";
#elif defined(__s390x__)
    "s390x";
#else
    "unknown";
#endif

}  // namespace

void ApiHandler::version(Exchange& exchange) {
  text_ = fmt::format("{{\"version\":\"{}\",\"commit\":\"{}\"}}\n", context_.version, context_.commit);
  json(exchange, text_);
}

void ApiHandler::ready(Exchange& exchange) {
  const keystore::Call call = storeCall(exchange, Operation::ready);
  state_->store->status(call, [this, deferred = exchange.defer(call.deadline)](auto latency) mutable {
    deferred.post([this, latency = std::move(latency)](Exchange* waiting) {
      if (waiting == nullptr) return;
      latency ? ok(*waiting) : fail(*waiting, latency.error());
    });
  });
}

void ApiHandler::status(Exchange& exchange) {
  const keystore::Call call = storeCall(exchange, Operation::status);
  state_->store->status(call, [this, deferred = exchange.defer(call.deadline)](auto latency) mutable {
    deferred.post([this, latency = std::move(latency)](Exchange* waiting) {
      if (waiting == nullptr) return;
      writeStatus(*waiting, latency ? std::optional(*latency) : std::nullopt);
    });
  });
}

void ApiHandler::writeStatus(Exchange& exchange, std::optional<std::chrono::nanoseconds> storeLatency) {
  const auto uptime = std::chrono::floor<std::chrono::seconds>(base::SteadyClock::now() - context_.startedAt);
  const observe::ProcessMemory memory = observe::processUse().memory;
  text_ = fmt::format(
      "{{\"version\":\"{}\",\"os\":\"linux\",\"arch\":\"{}\",\"uptime\":{},\"num_cpu\":{},\"num_cpu_used\":{}"
      ","
      "\"mem_heap_used\":{},\"mem_stack_used\":{}",
      context_.version, kArchitecture, uptime.count(), observe::cpus(), observe::usableCpus(), memory.heap,
      memory.stack);
  if (storeLatency) {
    const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(*storeLatency).count();
    text_ += fmt::format(",\"keystore_latency\":{}", std::max<std::int64_t>(1, milliseconds));
  } else {
    // The Go SDK refuses an unreachable store that is not unavailable as well.
    text_ += ",\"keystore_unreachable\":true,\"keystore_unavailable\":true";
  }
  text_ += "}\n";
  json(exchange, text_);
}

void ApiHandler::metrics(Exchange& exchange) {
  const auto families = familiesOf(exchange.target());
  if (!families) return fail(exchange, families.error());
  finish(exchange, 200, observe::MetricsText::kContentType, metricsText(context_, *families));
}

void ApiHandler::apis(Exchange& exchange) {
  text_ = "[";
  for (const Route& route : routes()) {
    const auto timeout = std::chrono::ceil<std::chrono::seconds>(state_->settingsOf(route).timeout);
    text_ +=
        fmt::format("{}{{\"method\":\"{}\",\"path\":\"{}\",\"max_body\":{},\"timeout\":{}}}",
                    text_.size() == 1 ? "" : ",", route.method, route.path, route.maxBody, timeout.count());
  }
  text_ += "]\n";
  json(exchange, text_);
}

}  // namespace kes::api
