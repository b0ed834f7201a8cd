#include "api/handler.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "doubles.h"

namespace kes::api {
namespace {

using namespace std::chrono_literals;

// A handler over the real in-memory store, with one policy and a key in the cache. What would leave the event
// loop is not followed here: tests/compat does that with real clients.
class HandlerTest : public testing::Test {
 protected:
  void SetUp() override {
    const keystore::StoreSettings settings{.id = "mem",
                                           .configuration = "{}",
                                           .locations = {},
                                           .pluginDirs = {KES_BINARY_DIR "/lib/kes/plugins"},
                                           .sha256 = {},
                                           .threads = 2,
                                           .queue = 16};
    auto store = keystore::KeyStore::open(settings, {});
    ASSERT_TRUE(store) << store.error().message;
    store_ = *store;
    warm("my-key");

    const std::vector<policy::PolicyStatement> policies = {
        {.name = "app",
         .allow = {"/v1/key/generate/my*", "/v1/key/decrypt/my*", "/v1/key/encrypt/my*", "/v1/key/hmac/*",
                   "/v1/key/import/*", "/v1/key/bulk/decrypt/*", "/v1/key/list/*"},
         .deny = {"/v1/key/generate/my-secret*"},
         .identities = {"client"}}};
    auto set = policy::PolicySet::build("admin", policies);
    ASSERT_TRUE(set) << set.error().message;
    auto state = std::make_shared<State>();
    state->policies = *set;
    state->store = store_;
    for (RouteSettings& route : state->routes) route.timeout = 15s;
    context_.state.publish(std::move(state));
    handler_ = std::make_unique<ApiHandler>(context_);
  }

  void TearDown() override {
    handler_.reset();
    if (store_) store_->close(base::SteadyClock::now() + 5s);
  }

  // Creates the key and reads it, so that it is in the cache.
  void warm(const std::string& name) {
    const keystore::Call call{
        .deadline = base::SteadyClock::now() + 5s, .requestId = 0, .cancelled = nullptr};
    std::promise<base::Result<void>> created;
    store_->create(name, crypto::generateKey("admin"), call, [&](auto result) { created.set_value(result); });
    ASSERT_TRUE(created.get_future().get());
    std::promise<base::Result<keystore::KeyPtr>> fetched;
    store_->fetch(name, call, [&](auto result) { fetched.set_value(result); });
    ASSERT_TRUE(fetched.get_future().get());
  }

  // The request as far as the event loop takes it without waiting.
  void handle(FakeExchange& exchange) {
    handler_->onRequest(exchange);
    if (exchange.bodyLimit) handler_->onBody(exchange);
  }

  SilentLog log_;
  Context context_{.log = log_.log, .version = "2026-01-02T03-04-05Z", .commit = "abc"};
  std::shared_ptr<keystore::KeyStore> store_;
  std::unique_ptr<ApiHandler> handler_;
};

struct Refusal {
  std::string what;
  FakeExchange exchange;
  int status;
  std::string answer;
};

std::string message(std::string_view text) {
  return std::string("{\"message\":\"").append(text).append("\"}\n");
}

TEST_F(HandlerTest, refusesInTheOrderOfTheProtocol) {
  const std::string forbidden = message("not authorized: insufficient permissions");
  std::vector<Refusal> cases;
  const auto add = [&](std::string what, FakeExchange exchange, int status, std::string answer) {
    cases.push_back({std::move(what), std::move(exchange), status, std::move(answer)});
  };
  add("unknown path before identity", {"GET", "/nothing", "", ""}, 404, "404 page not found\n");
  add("method before identity", {"GET", "/v1/key/create/x", "", ""}, 405,
      message("received method 'GET' expected 'PUT'"));
  add("identity before policy", {"PUT", "/v1/key/create/x", "", ""}, 400,
      message("tls: client certificate is required"));
  add("unknown identity", {"GET", "/v1/status", "", "stranger"}, 403, forbidden);
  add("policy before name", {"PUT", "/v1/key/create/-bad-", "", "client"}, 403, forbidden);
  add("deny wins", {"PUT", "/v1/key/generate/my-secret-1", "", "client"}, 403, forbidden);
  add("name", {"PUT", "/v1/key/generate/my-", "{", "client"}, 400,
      message("key name 'my-' is empty, too long or contains invalid characters"));
  add("name with a slash", {"PUT", "/v1/key/generate/my%2Fkey", "", "client"}, 400,
      message("key name 'my/key' is empty, too long or contains invalid characters"));
  add("name that is not UTF-8", {"PUT", "/v1/key/generate/my%FF", "", "client"}, 400,
      message("key name 'my\xef\xbf\xbd' is empty, too long or contains invalid characters"));
  add("pattern", {"GET", "/v1/key/list/a**", "", "client"}, 400,
      message("listing pattern 'a**' is empty, too long or is invalid"));
  add("body", {"PUT", "/v1/key/encrypt/my-key", "{", "client"}, 400, message("invalid request body"));
  add("no body where one is needed", {"PUT", "/v1/key/decrypt/my-key", "", "client"}, 400,
      message("invalid request body"));
  add("import body", {"PUT", "/v1/key/import/x", "x", "client"}, 400,
      message("invalid import key request body"));
  add("cipher before size", {"PUT", "/v1/key/import/x", R"({"key":"YQ==","cipher":"DES"})", "client"}, 406,
      message("algorithm 'DES' is not supported"));
  add("size", {"PUT", "/v1/key/import/x", R"({"key":"YQ==","cipher":"AES256"})", "client"}, 406,
      message("invalid key size for 'AES256'"));
  add("not authentic", {"PUT", "/v1/key/decrypt/my-key", R"({"ciphertext":"YWJj"})", "client"}, 400,
      message("decryption failed: ciphertext is not authentic"));
  add("bulk decryption needs the right to decrypt", {"POST", "/v1/key/bulk/decrypt/other", "[]", "client"},
      403, forbidden);
  add("malformed escape", {"GET", "/v1/key/list/%zz", "", "client"}, 400,
      "400 Bad Request: malformed path\n");

  for (Refusal& c : cases) {
    handle(c.exchange);
    EXPECT_EQ(c.exchange.status, c.status) << c.what;
    EXPECT_EQ(c.exchange.answer, c.answer) << c.what;
  }
}

TEST_F(HandlerTest, refusesOnTheHeadersBeforeTheBody) {
  FakeExchange exchange("PUT", "/v1/key/encrypt/other", R"({"plaintext":"YQ=="})");
  handler_->onRequest(exchange);
  EXPECT_EQ(exchange.status, 403);
  EXPECT_FALSE(exchange.bodyLimit) << "not one byte of a refused request's body is kept";
}

TEST_F(HandlerTest, redirectsToTheSubTreeWithItsQuery) {
  FakeExchange exchange("GET", "/v1/key/list?x=1", "", "");
  handle(exchange);
  EXPECT_EQ(exchange.status, 301);
  EXPECT_EQ(exchange.headers["location"], "/v1/key/list/?x=1");
  EXPECT_EQ(exchange.answer, "<a href=\"/v1/key/list/?x=1\">Moved Permanently</a>.\n\n");
}

TEST_F(HandlerTest, healthIsToldSoonThoughTheStoreBeSilent) {
  for (const char* path : {"/v1/ready", "/v1/status"}) {
    FakeExchange exchange("GET", path, "", "admin");
    handle(exchange);
    ASSERT_TRUE(exchange.deferred) << path;
    EXPECT_EQ(exchange.deadline - exchange.started, 2s) << path;
  }
  FakeExchange listing("GET", "/v1/key/list/", "", "admin");
  handle(listing);
  EXPECT_EQ(listing.deadline - listing.started, 15s);
}

TEST_F(HandlerTest, namesTheMethodInTwoHeaders) {
  FakeExchange exchange("HEAD", "/version", "", "");
  handle(exchange);
  EXPECT_EQ(exchange.status, 405);
  EXPECT_EQ(exchange.headers["accept"], "GET");
  EXPECT_EQ(exchange.headers["allow"], "GET");
}

TEST_F(HandlerTest, answersFromTheCacheWithoutLeavingTheLoop) {
  FakeExchange encrypt("PUT", "/v1/key/encrypt/my-key", R"({"plaintext":"aGVsbG8=","context":"Y3R4"})");
  handle(encrypt);
  ASSERT_EQ(encrypt.status, 200) << encrypt.answer;
  EXPECT_EQ(encrypt.contentType, "application/json");
  EXPECT_FALSE(encrypt.deferred);

  std::string body = encrypt.answer.substr(0, encrypt.answer.rfind('}')) + ",\"context\":\"Y3R4\"}";
  FakeExchange decrypt("POST", "/v1/key/decrypt/my-key", body);
  handle(decrypt);
  EXPECT_EQ(decrypt.answer, "{\"plaintext\":\"aGVsbG8=\"}\n");

  FakeExchange bulk("POST", "/v1/key/bulk/decrypt/my-key", "[" + body + "," + body + "]");
  handle(bulk);
  EXPECT_EQ(bulk.answer, "[{\"plaintext\":\"aGVsbG8=\"},{\"plaintext\":\"aGVsbG8=\"}]\n");

  FakeExchange hmac("PUT", "/v1/key/hmac/my-key", R"({"message":"aGVsbG8="})");
  handle(hmac);
  EXPECT_EQ(hmac.status, 200);
}

// The text of one answer is kept for the next; that of a refused method is short, and has to grow.
TEST_F(HandlerTest, answersEndWhereTheyShouldAsTheyGrow) {
  FakeExchange refused("GET", "/v1/key/encrypt/my-key");
  handle(refused);
  ASSERT_EQ(refused.status, 405);
  for (std::size_t size = 1; size < 1000; ++size) {
    const auto plaintext = base::encodeBase64(base::Bytes(size, 'x'));
    FakeExchange encrypt("PUT", "/v1/key/encrypt/my-key", R"({"plaintext":")" + plaintext + R"("})");
    handle(encrypt);
    ASSERT_EQ(encrypt.answer.size(), std::string_view(R"({"ciphertext":""})").size() + 1 +
                                         base::base64Size(size + crypto::kCiphertextOverhead))
        << encrypt.answer;

    FakeExchange decrypt("PUT", "/v1/key/decrypt/my-key", encrypt.answer);
    handle(decrypt);
    ASSERT_EQ(decrypt.answer, R"({"plaintext":")" + plaintext + "\"}\n");
  }
}

TEST_F(HandlerTest, takesAnAnnouncedEmptyBodyAsNoContextButNotOneCutShort) {
  FakeExchange announced("PUT", "/v1/key/generate/my-key");
  handle(announced);
  EXPECT_EQ(announced.status, 200) << announced.answer;

  FakeExchange cutShort("PUT", "/v1/key/generate/my-key");
  cutShort.chunked = true;
  handle(cutShort);
  EXPECT_EQ(cutShort.status, 400);
}

TEST_F(HandlerTest, leavesTheLoopForKeysThatAreNotCached) {
  FakeExchange exchange("PUT", "/v1/key/generate/my-other");
  handle(exchange);
  EXPECT_TRUE(exchange.deferred);
  EXPECT_EQ(exchange.status, 0);
}

TEST_F(HandlerTest, refusesTooManyBulkItems) {
  std::string body = "[{}";
  for (std::size_t i = 0; i < kMaxBulkItems; ++i) body += ",{}";
  FakeExchange exchange("POST", "/v1/key/bulk/decrypt/my-key", body + "]");
  handle(exchange);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_EQ(exchange.answer, message("too many ciphertexts"));
}

TEST_F(HandlerTest, letsTheAdminDoEverything) {
  FakeExchange exchange("GET", "/v1/api", "", "admin");
  handle(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_TRUE(exchange.answer.starts_with(
      R"([{"method":"PUT","path":"/v1/key/generate/","max_body":1000000,"timeout":15})"))
      << exchange.answer;
}

TEST_F(HandlerTest, tellsItsVersionToAnybody) {
  FakeExchange exchange("GET", "/version", "", "");
  handle(exchange);
  EXPECT_EQ(exchange.answer, "{\"version\":\"2026-01-02T03-04-05Z\",\"commit\":\"abc\"}\n");
}

TEST_F(HandlerTest, answersAPassedDeadlineByWhatTheRouteMeans) {
  const auto late = [&](FakeExchange exchange) {
    handler_->onRequest(exchange);
    handler_->onDeadline(exchange);
    return exchange;
  };
  const FakeExchange create = late({"PUT", "/v1/key/create/x", "", "admin"});
  EXPECT_EQ(create.status, 504);
  EXPECT_EQ(create.answer, message("key store did not answer in time: outcome unknown"));
  const FakeExchange ready = late({"GET", "/v1/ready", "", "admin"});
  EXPECT_EQ(ready.status, 504);
  EXPECT_EQ(ready.answer, message("key store is not reachable"));
  const FakeExchange status = late({"GET", "/v1/status", "", "admin"});
  EXPECT_EQ(status.status, 200);
  EXPECT_NE(status.answer.find("\"keystore_unreachable\":true,\"keystore_unavailable\":true"),
            std::string::npos);
}

}  // namespace
}  // namespace kes::api
