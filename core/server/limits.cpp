#include "server/limits.h"

namespace kes::server {

http::Limits httpLimits(const config::Limits& limits) {
  return {.handshake = limits.handshake,
          .header = limits.header,
          .body = limits.body,
          .idle = limits.idle,
          .headerSize = limits.headerSize,
          .streams = static_cast<std::uint32_t>(limits.streams),
          .connections = limits.connections,
          .connectionsPerAddress = limits.connectionsPerAddress,
          .connectionsPerIdentity = limits.connectionsPerIdentity,
          .handshakes = limits.handshakes,
          .bodyPerConnection = limits.bodyPerConnection,
          .bodyTotal = limits.bodyTotal,
          .answersPerConnection = limits.answersPerConnection,
          .resetBurst = limits.resetBurst,
          .resetRate = limits.resetRate,
          .settingsEntries = limits.settingsEntries,
          .continuations = limits.continuations,
          .unreadAcks = limits.unreadAcks};
}

observe::LogStreams::Limits logStreamLimits(const config::Limits& limits) {
  return {.streams = limits.logStreams, .queue = limits.logStreamQueue};
}

api::RequestRate requestRate(const config::Limits& limits) {
  const bool given = limits.burstPerIdentity > 0;
  return {.perSecond = limits.requestsPerIdentity,
          .burst = given ? limits.burstPerIdentity : limits.requestsPerIdentity};
}

}  // namespace kes::server
