#include "server/limits.h"

#include <gtest/gtest.h>

namespace kes::server {
namespace {

void expectSame(const http::Limits& http, const config::Limits& config) {
  EXPECT_EQ(http.handshake, config.handshake);
  EXPECT_EQ(http.header, config.header);
  EXPECT_EQ(http.body, config.body);
  EXPECT_EQ(http.idle, config.idle);
  EXPECT_EQ(http.headerSize, config.headerSize);
  EXPECT_EQ(http.streams, config.streams);
  EXPECT_EQ(http.connections, config.connections);
  EXPECT_EQ(http.connectionsPerAddress, config.connectionsPerAddress);
  EXPECT_EQ(http.connectionsPerIdentity, config.connectionsPerIdentity);
  EXPECT_EQ(http.handshakes, config.handshakes);
  EXPECT_EQ(http.bodyPerConnection, config.bodyPerConnection);
  EXPECT_EQ(http.bodyTotal, config.bodyTotal);
  EXPECT_EQ(http.answersPerConnection, config.answersPerConnection);
  EXPECT_EQ(http.resetBurst, config.resetBurst);
  EXPECT_EQ(http.resetRate, config.resetRate);
  EXPECT_EQ(http.settingsEntries, config.settingsEntries);
  EXPECT_EQ(http.continuations, config.continuations);
  EXPECT_EQ(http.unreadAcks, config.unreadAcks);
}

TEST(HttpLimits, areThoseOfTheConfiguration) {
  using std::chrono::seconds;
  const config::Limits limits{.handshake = seconds(1),
                              .header = seconds(2),
                              .body = seconds(3),
                              .idle = seconds(4),
                              .connections = 5,
                              .connectionsPerAddress = 6,
                              .connectionsPerIdentity = 7,
                              .handshakes = 8,
                              .headerSize = 9,
                              .bodyPerConnection = 10,
                              .bodyTotal = 11,
                              .answersPerConnection = 12,
                              .streams = 13,
                              .resetBurst = 14,
                              .resetRate = 15,
                              .settingsEntries = 16,
                              .continuations = 17,
                              .unreadAcks = 18};
  expectSame(httpLimits(limits), limits);
}

TEST(HttpLimits, haveTheSameDefaults) {
  expectSame(http::Limits{}, config::Limits{});
}

TEST(RequestRate, takesTheRequestsOfOneSecondForABurst) {
  EXPECT_EQ(requestRate({}).perSecond, 0U);
  EXPECT_EQ(requestRate({.requestsPerIdentity = 50}).burst, 50U);
  EXPECT_EQ(requestRate({.requestsPerIdentity = 50, .burstPerIdentity = 7}).burst, 7U);
}

}  // namespace
}  // namespace kes::server
