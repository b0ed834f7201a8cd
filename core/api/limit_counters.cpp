#include "api/limit_counters.h"

#include <array>

namespace kes::api {
namespace {

using http::Limit;

struct HttpLimit {
  Limit limit;
  std::string_view name;
  std::string_view help;
};

constexpr std::array kHttpLimits = {
    HttpLimit{Limit::handshakeTimeout, "handshake_timeout", "TLS handshakes given up"},
    HttpLimit{Limit::headerTimeout, "header_timeout", "connections closed for a header that did not come"},
    HttpLimit{Limit::bodyTimeout, "body_timeout", "requests given up for a body that did not come"},
    HttpLimit{Limit::idleTimeout, "idle_timeout", "connections closed for doing nothing"},
    HttpLimit{Limit::connections, "connections", "connections refused, for want of descriptors as well"},
    HttpLimit{Limit::connectionsPerAddress, "connections_per_address", "connections refused"},
    HttpLimit{Limit::connectionsPerIdentity, "connections_per_identity", "connections refused"},
    HttpLimit{Limit::handshakes, "handshakes", "TLS handshakes that had to wait for others"},
    HttpLimit{Limit::headerSize, "header_size", "requests answered 431"},
    HttpLimit{Limit::bodyPerConnection, "body_per_connection", "HTTP/2 bodies that had to wait for others"},
    HttpLimit{Limit::bodyTotal, "body_total", "requests refused"},
    HttpLimit{Limit::answersPerConnection, "answers_per_connection", "HTTP/2 requests refused"},
    HttpLimit{Limit::streams, "streams", "HTTP/2 requests refused"},
    HttpLimit{Limit::resets, "reset_rate", "HTTP/2 connections ended for resetting streams"},
    HttpLimit{Limit::settingsEntries, "settings_entries", "HTTP/2 connections ended"},
    HttpLimit{Limit::continuations, "continuations", "HTTP/2 connections ended"},
    HttpLimit{Limit::unreadAcks, "unread_acks", "HTTP/2 connections ended"},
};
static_assert(kHttpLimits.size() == http::kLimits);

}  // namespace

std::vector<LimitCounter> limitCounters(const http::Counters& http, const Context& context) {
  std::vector<LimitCounter> all;
  all.reserve(kHttpLimits.size() + 8);
  for (const auto& [limit, name, help] : kHttpLimits) all.push_back({name, help, http.times(limit)});

  const auto add = [&](std::string_view name, std::string_view help,
                       base::Counter HandlerCounters::* counter) {
    all.push_back({name, help, context.counters.sum(counter)});
  };
  add("body_size", "bodies larger than their route takes", &HandlerCounters::bodySize);
  add("json_depth", "bodies refused", &HandlerCounters::jsonDepth);
  add("requests_per_identity", "requests answered 429", &HandlerCounters::requestsPerIdentity);
  add("misses_per_identity", "requests answered 429", &HandlerCounters::missesPerIdentity);

  add("log_streams", "readers of a log refused", &HandlerCounters::logStreams);
  add("log_stream_queue", "readers of a log dropped for being slow", &HandlerCounters::logStreamQueue);

  const auto store = context.state.get()->store->counters();
  all.push_back({"store_threads", "calls of the key store that had to wait for others", store.waited});
  all.push_back({"store_queue", "calls of the key store that were refused", store.refused});
  return all;
}

}  // namespace kes::api
