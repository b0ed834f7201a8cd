// What a client meets at the limits that the API keeps, and that each is counted. Those of connections are
// tested in tests/unit/http, those of the store in tests/unit/keystore.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "api/handler.h"
#include "api/limit_counters.h"
#include "config/known_keys.h"
#include "doubles.h"

namespace kes::api {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<State> stateOver(std::shared_ptr<keystore::KeyStore> store) {
  auto state = std::make_shared<State>();
  state->policies = *policy::PolicySet::build(
      "admin", std::vector<policy::PolicyStatement>{
                   {.name = "app", .allow = {"/v1/*"}, .deny = {}, .identities = {"client"}}});
  state->store = std::move(store);
  for (RouteSettings& route : state->routes) route.timeout = 15s;
  return state;
}

class ApiLimits : public testing::Test {
 protected:
  // Has the handler work under the limits that `set` sets.
  void serve(const std::function<void(State&)>& set) {
    auto state = stateOver(store_);
    set(*state);
    context_.state.publish(std::move(state));
    handler_ = std::make_unique<ApiHandler>(context_);
  }

  FakeExchange handle(FakeExchange exchange) {
    exchange.started = now_;
    handler_->onRequest(exchange);
    if (exchange.bodyLimit) handler_->onBody(exchange);
    return exchange;
  }

  std::uint64_t times(std::string_view name) {
    for (const LimitCounter& limit : limitCounters({}, context_)) {
      if (limit.name == name) return limit.value;
    }
    throw std::invalid_argument(std::string(name));
  }

  const base::SteadyTime now_ = base::SteadyClock::now();
  SilentLog log_;
  Context context_{.log = log_.log, .version = "1", .commit = "2"};
  const std::shared_ptr<HeldStore> store_ = std::make_shared<HeldStore>();  // what it holds is the context's
  std::unique_ptr<ApiHandler> handler_;
};

TEST_F(ApiLimits, requestsBeyondTheRateOfAnIdentityGet429) {
  serve([](State& state) { state.requestRate = {.perSecond = 1, .burst = 2}; });
  const FakeExchange request("GET", "/v1/api");
  EXPECT_EQ(handle(request).status, 200);
  EXPECT_EQ(handle(request).status, 200);

  FakeExchange refused = handle(request);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.answer, "{\"message\":\"too many requests\"}\n");
  EXPECT_EQ(refused.headers["retry-after"], "1");
  EXPECT_EQ(times("requests_per_identity"), 1U);

  EXPECT_EQ(handle({"GET", "/v1/api", "", "admin"}).status, 200) << "others have buckets of their own";
  EXPECT_EQ(handle({"GET", "/version"}).status, 200) << "open routes are not counted";
}

TEST_F(ApiLimits, requestsOfAStrangerAreLimitedBeforeAPolicyIsAsked) {
  serve([](State& state) { state.requestRate = {.perSecond = 1, .burst = 1}; });
  EXPECT_EQ(handle({"GET", "/v1/api", "", "stranger"}).status, 403);
  EXPECT_EQ(handle({"GET", "/v1/api", "", "stranger"}).status, 429);
}

TEST_F(ApiLimits, requestsBeyondThoseThatMayWaitForTheStoreGet429) {
  serve([](State& state) { state.missesPerIdentity = 1; });
  const FakeExchange request("GET", "/v1/key/describe/my-key");
  EXPECT_TRUE(handle(request).deferred);
  EXPECT_EQ(handle(request).status, 429);
  EXPECT_EQ(times("misses_per_identity"), 1U);
  EXPECT_TRUE(handle({"GET", "/v1/key/describe/my-key", "", "admin"}).deferred);

  store_->answer();
  EXPECT_TRUE(handle(request).deferred);
  EXPECT_EQ(times("misses_per_identity"), 1U);
}

TEST_F(ApiLimits, bodiesThatNestTooDeeplyGet400) {
  serve([](State& state) { state.jsonDepth = 4; });
  const std::string deep = R"({"x":[[[[]]]]})";
  EXPECT_EQ(handle({"PUT", "/v1/key/encrypt/my-key", deep}).answer,
            "{\"message\":\"invalid request body\"}\n");
  EXPECT_EQ(handle({"POST", "/v1/key/bulk/decrypt/my-key", "[" + deep + "]"}).status, 400);
  EXPECT_EQ(handle({"PUT", "/v1/key/import/my-key", deep}).answer,
            "{\"message\":\"invalid import key request body\"}\n");
  EXPECT_EQ(times("json_depth"), 3U);

  EXPECT_EQ(handle({"PUT", "/v1/key/encrypt/my-key", R"({"x":[[[]})"}).status, 400);
  EXPECT_TRUE(handle({"PUT", "/v1/key/encrypt/my-key", R"({"x":[[[]]]})"}).deferred);
  EXPECT_EQ(times("json_depth"), 3U) << "neither is too deep";
}

TEST_F(ApiLimits, bodiesLargerThanTheirRouteTakesGet400) {
  serve([](State&) {});
  FakeExchange exchange("PUT", "/v1/key/encrypt/my-key", R"({"plaintext":")");
  exchange.truncated = true;

  EXPECT_EQ(handle(exchange).status, 400);
  EXPECT_EQ(times("body_size"), 1U);
}

TEST_F(ApiLimits, areCountedOverAllLoops) {
  serve([](State& state) { state.requestRate = {.perSecond = 1, .burst = 1}; });
  const FakeExchange request("GET", "/v1/api");
  EXPECT_EQ(handle(request).status, 200);
  EXPECT_EQ(handle(request).status, 429);
  handler_ = std::make_unique<ApiHandler>(context_);
  EXPECT_EQ(handle(request).status, 429) << "the bucket is the same on every loop";

  EXPECT_EQ(times("requests_per_identity"), 2U);
}

TEST_F(ApiLimits, everyKeyOfTheConfigurationHasACounter) {
  serve([](State&) {});
  std::set<std::string_view> counted;
  for (const LimitCounter& limit : limitCounters({}, context_)) {
    EXPECT_TRUE(counted.insert(limit.name).second) << limit.name;
    EXPECT_FALSE(limit.help.empty());
  }
  // The first has no key; of the others two stand for one limit, and the last ends the server.
  std::set<std::string_view> expected = {"body_size"};
  for (const auto& key : config::knownKeys()) {
    if (key.path.starts_with("limits.")) expected.insert(key.path.substr(7));
  }
  for (const auto* key : {"reset_burst", "burst_per_identity", "shutdown_timeout"}) {
    EXPECT_EQ(expected.erase(key), 1U);
  }
  EXPECT_EQ(counted, expected);
}

TEST_F(ApiLimits, countersComeFromWhereTheLimitIsKept) {
  serve([](State&) {});
  http::Counters http;
  for (std::size_t i = 0; i < http::kLimits; ++i) http.reached[i] = 100 + i;
  store_->counted.waited = 7;
  store_->counted.refused = 8;

  std::map<std::string_view, std::uint64_t> values;
  for (const LimitCounter& limit : limitCounters(http, context_)) values[limit.name] = limit.value;
  EXPECT_EQ(values["streams"], http.times(http::Limit::streams));
  EXPECT_EQ(values["handshake_timeout"], http.times(http::Limit::handshakeTimeout));
  EXPECT_EQ(values["unread_acks"], http.times(http::Limit::unreadAcks));
  EXPECT_EQ(values["store_threads"], 7U);
  EXPECT_EQ(values["store_queue"], 8U);
}

}  // namespace
}  // namespace kes::api
