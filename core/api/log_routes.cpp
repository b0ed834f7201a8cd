// The log streams: what the logs get from the subscription on, for as long as the client stays and may read
// it.

#include <fmt/format.h>

#include "api/handler.h"

namespace kes::api {

using http::Exchange;

void ApiHandler::streamLog(Exchange& exchange, Operation operation) {
  const auto kind =
      operation == Operation::auditLog ? observe::Record::Kind::audit : observe::Record::Kind::error;
  auto subscription = context_.log.streams().subscribe(kind);
  if (!subscription) {
    counters_->logStreams.add();
    return fail(exchange, base::ErrorCode::tooManyRequests);
  }
  auto back = exchange.stream(200, "application/x-ndjson");
  const auto place = logStreams_.emplace(&exchange, std::move(*subscription)).first;
  place->second->start([this, back]() mutable {
    back.post([this](Exchange* reader) {
      if (reader == nullptr) return;
      refreshState();
      forwardLog(*reader);
    });
  });
}

// While the client does not take what it was given, records wait in its queue: the next one, or the next
// tick, tries again.
void ApiHandler::forwardLog(Exchange& exchange) {
  const auto found = logStreams_.find(&exchange);
  if (found == logStreams_.end()) return;
  observe::LogStream& stream = *found->second;
  if (exchange.congested() && !stream.overrun()) return;
  const auto [lines, overrun] = stream.take();
  exchange.write(lines);
  if (!overrun) return;
  counters_->logStreamQueue.add();
  constexpr std::string_view kWhy = "log stream ended: its client reads too slowly";
  std::string decoded;
  const Match match = findRoute(exchange.target(), decoded);
  context_.log.error(observe::level::kWarn, kWhy,
                     {exchange.method(), match.path, exchange.peer().address, exchange.peer().identity});
  endLogStream(exchange, kWhy);
}

void ApiHandler::forwardLogs() {
  std::vector<Exchange*> readers;
  readers.reserve(logStreams_.size());
  for (const auto& [reader, subscription] : logStreams_) readers.push_back(reader);
  for (Exchange* const reader : readers) forwardLog(*reader);
}

void ApiHandler::recheckLogStreams() {
  std::vector<Exchange*> refused;
  for (const auto& [reader, subscription] : logStreams_) {
    std::string decoded;
    const Match match = findRoute(reader->target(), decoded);
    if (!state_->policies->decide(reader->peer().identity, match.path).allowed()) refused.push_back(reader);
  }
  for (Exchange* const reader : refused) endLogStream(*reader, "log stream ended: no longer allowed");
}

// The last line says why, as a record of the error log would.
void ApiHandler::endLogStream(Exchange& exchange, std::string_view why) {
  logStreams_.erase(&exchange);
  exchange.write(fmt::format("{{\"message\":\"{}\"}}\n", why));
  count(exchange, 200);
  exchange.end();
}

}  // namespace kes::api
