#include "http/session_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace kes::http {
namespace {

SessionPtr sessionOf(std::string_view id) {
  SessionPtr session(SSL_SESSION_new());
  SSL_SESSION_set1_id(session.get(), reinterpret_cast<const unsigned char*>(id.data()),
                      static_cast<unsigned>(id.size()));
  return session;
}

PeerRecord clientOf(std::string_view identity) {
  return {.identity = std::string(identity), .error = {}, .verifiedUntil = {}};
}

TEST(SessionCache, findsASessionWithItsClient) {
  SessionCache cache(2);
  cache.add(sessionOf("one"), clientOf("alice"));
  cache.add(sessionOf("two"), clientOf("bob"));

  const auto found = cache.find("one");
  ASSERT_TRUE(found);
  EXPECT_EQ(idOf(found->session.get()), "one");
  EXPECT_EQ(found->client.identity, "alice");
  EXPECT_FALSE(cache.find("three"));
  EXPECT_FALSE(cache.find(""));
}

TEST(SessionCache, dropsTheOldest) {
  SessionCache cache(2);
  for (const auto* id : {"one", "two", "three"}) cache.add(sessionOf(id), clientOf(id));

  EXPECT_EQ(cache.size(), 2U);
  EXPECT_FALSE(cache.find("one"));
  EXPECT_TRUE(cache.find("two"));
  EXPECT_TRUE(cache.find("three"));
}

TEST(SessionCache, replacesASessionOfTheSameId) {
  SessionCache cache(2);
  cache.add(sessionOf("one"), clientOf("alice"));
  cache.add(sessionOf("two"), clientOf("bob"));
  cache.add(sessionOf("one"), clientOf("carol"));

  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("one")->client.identity, "carol");
  cache.add(sessionOf("three"), clientOf("dave"));
  EXPECT_FALSE(cache.find("two"));
}

TEST(SessionCache, forgetsWhatIsRemovedWhileOthersHoldIt) {
  SessionCache cache(2);
  cache.add(sessionOf("one"), clientOf("alice"));
  const auto held = cache.find("one");
  cache.remove("one");
  cache.remove("one");

  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(idOf(held->session.get()), "one");
}

TEST(SessionCache, ofNoSizeKeepsNothing) {
  SessionCache cache(0);
  cache.add(sessionOf("one"), clientOf("alice"));
  EXPECT_FALSE(cache.find("one"));
}

}  // namespace
}  // namespace kes::http
