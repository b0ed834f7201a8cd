#include "client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/encoding.h"
#include "client_under_test.h"
#include "crypto/api_key.h"
#include "support/scripted_server.h"
#include "support/temp_dir.h"

namespace kes::client {
namespace {

using test::ScriptedServer;
using testing::ElementsAre;
using testing::HasSubstr;
using Answer = ScriptedServer::Answer;
using Asked = ScriptedServer::Asked;

std::string textOf(const base::Secret& secret) {
  return std::string(base::textOf(secret.reveal()));
}

std::vector<std::string> pathsOf(const ScriptedServer& server) {
  std::vector<std::string> paths;
  for (const Asked& asked : server.asked()) paths.push_back(asked.path);
  return paths;
}

TEST(Client, offersTheCertificateOfItsApiKey) {
  const ScriptedServer server(always({}));
  ASSERT_TRUE(clientOf(server).ready());
  ASSERT_EQ(server.asked().size(), 1U);
  EXPECT_EQ(server.asked()[0].identity, kIdentity);
}

TEST(Client, usesOneConnectionForManyCalls) {
  const ScriptedServer server(always({}));
  Client client = clientOf(server);
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(client.createKey(name));
  EXPECT_THAT(pathsOf(server), ElementsAre("/v1/key/create/a", "/v1/key/create/b", "/v1/key/create/c"));
}

TEST(Client, escapesNamesInPaths) {
  const ScriptedServer server(always({}));
  ASSERT_TRUE(clientOf(server).createKey("a b/../c?d#e%41\r\n*"));
  EXPECT_THAT(pathsOf(server), ElementsAre("/v1/key/create/a%20b%2F..%2Fc%3Fd%23e%2541%0D%0A%2A"));
}

TEST(Client, readsVersionAndStatus) {
  const ScriptedServer server([](const Asked& asked) -> Answer {
    if (asked.path == "/version") return {.body = R"({"version":"v","commit":"c"})"};
    return {.body = R"({"version":"v","os":"linux","arch":"amd64","uptime":61,"num_cpu":4,"num_cpu_used":2,
                        "mem_heap_used":5,"mem_stack_used":6,"keystore_latency":7,
                        "keystore_unreachable":true,"keystore_unavailable":true,"later":[{}]})"};
  });
  Client client = clientOf(server);
  const auto version = client.version();
  ASSERT_TRUE(version);
  EXPECT_EQ(version->version + version->commit, "vc");
  const auto status = client.status();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->os + status->arch, "linuxamd64");
  EXPECT_EQ(status->uptime, 61);
  EXPECT_EQ(status->usableCpus, 2);
  EXPECT_EQ(status->keystoreLatency, 7);
  EXPECT_TRUE(status->keystoreUnreachable);
}

TEST(Client, readsTheRoutes) {
  const ScriptedServer server(always(
      {.body =
           R"([{"method":"GET","path":"/version","timeout":10},{"method":"PUT","path":"/x/","max_body":9}])"}));
  const auto apis = clientOf(server).apis();
  ASSERT_TRUE(apis);
  ASSERT_EQ(apis->size(), 2U);
  EXPECT_EQ((*apis)[0].timeout, 10);
  EXPECT_EQ((*apis)[1].maxBody, 9);
}

TEST(Client, sendsAndReceivesBytesAsBase64) {
  const ScriptedServer server([](const Asked& asked) -> Answer {
    if (asked.path.starts_with("/v1/key/import/")) return {};
    if (asked.path.starts_with("/v1/key/hmac/")) {
      return {.body = R"({"hmac":"QRuaUehWXh/HlkOypsRnL0o8Plc8M9CZWgh0jLYSjo4="})"};
    }
    return {.body = R"({"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy"})"};
  });
  Client client = clientOf(server);
  const base::ByteView context = base::bytesOf("ctx");

  const auto key = client.generateKey("k", context);
  ASSERT_TRUE(key);
  EXPECT_EQ(textOf(key->plaintext), "plain");
  EXPECT_EQ(base::textOf(key->ciphertext), "cipher");
  const auto ciphertext = client.encrypt("k", base::bytesOf("hello"), {});
  ASSERT_TRUE(ciphertext);
  EXPECT_EQ(base::textOf(*ciphertext), "cipher");
  const auto plaintext = client.decrypt("k", base::bytesOf("sealed"), context);
  ASSERT_TRUE(plaintext);
  EXPECT_EQ(textOf(*plaintext), "plain");
  const auto hmac = client.hmac("k", base::bytesOf("hello world"));
  ASSERT_TRUE(hmac);
  EXPECT_EQ(base::encodeBase64(*hmac), "QRuaUehWXh/HlkOypsRnL0o8Plc8M9CZWgh0jLYSjo4=");
  ASSERT_TRUE(client.importKey("k", base::Secret::copyOf(base::bytesOf("material")), "AES256"));

  std::vector<std::string> bodies;
  for (const Asked& asked : server.asked()) bodies.push_back(asked.body);
  EXPECT_THAT(bodies, ElementsAre(R"({"context":"Y3R4"})", R"({"plaintext":"aGVsbG8="})",
                                  R"({"ciphertext":"c2VhbGVk","context":"Y3R4"})",
                                  R"({"message":"aGVsbG8gd29ybGQ="})",
                                  R"({"key":"bWF0ZXJpYWw=","cipher":"AES256"})"));
}

TEST(Client, aDataKeyWithoutContextSendsAnEmptyObject) {
  const ScriptedServer server(always({.body = R"({"plaintext":"cGxhaW4=","ciphertext":"Y2lwaGVy"})"}));
  ASSERT_TRUE(clientOf(server).generateKey("k", {}));
  EXPECT_EQ(server.asked()[0].body, "{}");
}

TEST(Client, followsAListingOverItsPages) {
  const ScriptedServer server([](const Asked& asked) -> Answer {
    if (asked.path == "/v1/key/list/my") return {.body = R"({"names":["my1","my2"],"continue_at":"my*my3"})"};
    if (asked.path == "/v1/key/list/my%2Amy3") return {.body = R"({"names":["my3"],"continue_at":""})"};
    return {.status = 500};
  });
  const auto names = clientOf(server).listKeys("my*");
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_THAT(*names, ElementsAre("my1", "my2", "my3"));
}

TEST(Client, asksForEverythingByAStar) {
  const ScriptedServer server(always({.body = R"({"names":null})"}));
  Client client = clientOf(server);
  EXPECT_TRUE(client.listKeys("")->empty());
  EXPECT_TRUE(client.listKeys("*")->empty());
  EXPECT_THAT(pathsOf(server), ElementsAre("/v1/key/list/%2A", "/v1/key/list/%2A"));
}

TEST(Client, aListingThatGoesInCirclesIsAnError) {
  const ScriptedServer server(always({.body = R"({"names":["a"],"continue_at":"a"})"}));
  const auto names = clientOf(server).listKeys("a");
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().failure, Failure::malformed);
}

TEST(Client, readsListingsOfOlderServers) {
  const ScriptedServer lines(
      always({.body = "{\"name\":\"a\"}\n{\"name\":\"b\"}\n", .contentType = "application/x-ndjson"}));
  EXPECT_THAT(clientOf(lines).listKeys("").value(), ElementsAre("a", "b"));
  const ScriptedServer broken(
      always({.body = "{\"name\":\"a\"}\n{\"error\":\"no more\"}\n", .contentType = "application/x-ndjson"}));
  EXPECT_EQ(clientOf(broken).listKeys("").error().message, "no more");
}

TEST(Client, decryptsAllInBatches) {
  std::string batch = "[";
  for (int i = 0; i < 1000; ++i) batch += R"({"plaintext":"cA=="},)";
  batch.back() = ']';
  const ScriptedServer server([&](const Asked& asked) -> Answer {
    const bool isRest = asked.body == R"([{"ciphertext":"Yw==","context":"eA=="}])";
    return {.body = isRest ? R"([{"plaintext":"cQ=="}])" : batch};
  });
  const std::vector<Sealed> sealed(1001, Sealed{base::bytesOf("c"), base::bytesOf("x")});
  const auto plaintexts = clientOf(server).decryptAll("k", sealed);
  ASSERT_TRUE(plaintexts) << plaintexts.error().message;
  ASSERT_EQ(plaintexts->size(), 1001U);
  EXPECT_EQ(textOf(plaintexts->front()), "p");
  EXPECT_EQ(textOf(plaintexts->back()), "q");
  EXPECT_THAT(pathsOf(server), ElementsAre("/v1/key/bulk/decrypt/k", "/v1/key/bulk/decrypt/k"));
}

TEST(Client, decryptsOneByOneWhereAServerHasNoBatches) {
  const ScriptedServer server([](const Asked& asked) -> Answer {
    if (asked.path.starts_with("/v1/key/bulk/")) {
      return {.status = 404, .body = "404 page not found\n", .contentType = "text/plain; charset=utf-8"};
    }
    return {.body = R"({"plaintext":"cA=="})"};
  });
  const std::vector<Sealed> sealed(2, Sealed{base::bytesOf("c"), {}});
  const auto plaintexts = clientOf(server).decryptAll("k", sealed);
  ASSERT_TRUE(plaintexts);
  EXPECT_EQ(plaintexts->size(), 2U);
}

TEST(Client, tellsWhatTheServerSaid) {
  struct Case {
    Answer answer;
    std::string message;
  };
  const std::vector<Case> cases = {
      {{.status = 404, .body = R"({"message":"key does not exist"})"}, "key does not exist"},
      {{.status = 500, .body = R"({"message":"a","error":"b"})"}, "b"},
      {{.status = 400, .body = "plain text\n", .contentType = "text/plain"}, "plain text"},
      {{.status = 500, .body = "{no json"}, "the server answered 500 Internal Server Error"},
      {{.status = 201, .body = ""}, "the server answered 201 Created"},
      {{.status = 307, .body = "", .contentType = "text/html"}, "the server answered 307 Temporary Redirect"},
  };
  for (const Case& c : cases) {
    const ScriptedServer server(always(c.answer));
    const auto result = clientOf(server).createKey("k");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().failure, Failure::answered);
    EXPECT_EQ(result.error().status, c.answer.status);
    EXPECT_EQ(result.error().message, c.message);
  }
}

TEST(Client, refusesAnswersThatAreNotWhatTheyShouldBe) {
  for (const char* body : {"", "[]", "{", R"({"plaintext":"!"})", R"({"ciphertext":"Yw=="})"}) {
    const ScriptedServer server(always({.body = body}));
    const auto plaintext = clientOf(server).decrypt("k", base::bytesOf("c"), {});
    ASSERT_FALSE(plaintext) << body;
    EXPECT_EQ(plaintext.error().failure, Failure::malformed) << body;
  }
}

TEST(Client, readsNoMoreThanItsLimits) {
  const std::string atLimit = R"({"version":")" + std::string(1024 - 14, 'v') + R"("})";
  ASSERT_EQ(atLimit.size(), 1024U);
  const ScriptedServer small(always({.body = atLimit}));
  EXPECT_TRUE(clientOf(small).version());
  const ScriptedServer large(always({.body = atLimit + " "}));
  const auto version = clientOf(large).version();
  ASSERT_FALSE(version);
  EXPECT_THAT(version.error().message, HasSubstr("larger than 1024 bytes"));

  const ScriptedServer huge(always({.body = std::string(kMaxAnswer + 1, ' ')}));
  EXPECT_EQ(clientOf(huge).status().error().failure, Failure::malformed);
}

TEST(Client, triesTwiceMoreWhenTheServerIsOverloaded) {
  const ScriptedServer server(always({.status = 503, .body = R"({"message":"busy"})"}));
  const auto created = clientOf(server).createKey("k");
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().message, "busy");
  EXPECT_EQ(server.asked().size(), 3U);
}

TEST(Client, repeatsReadsButNotChangesAfterABrokenConnection) {
  const ScriptedServer server(always({.hangUp = true}));
  Client client = clientOf(server);
  const auto read = client.status();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().failure, Failure::unreachable);
  EXPECT_EQ(server.asked().size(), 3U);
  const auto changed = client.deleteKey("k");
  ASSERT_FALSE(changed);
  EXPECT_EQ(server.asked().size(), 4U);
}

TEST(Client, goesOnToTheNextServerThatCanBeReached) {
  const ScriptedServer server(always({}));
  Client client(settingsFor("127.0.0.1:1," + server.authority()));
  EXPECT_TRUE(client.createKey("a"));
  EXPECT_TRUE(client.createKey("b"));
  EXPECT_EQ(server.asked().size(), 2U);
}

TEST(Client, namesTheServerThatCannotBeReached) {
  const auto ready = Client(settingsFor("127.0.0.1:1")).ready();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().failure, Failure::unreachable);
  EXPECT_EQ(ready.error().message, "kes: connection error: https://127.0.0.1:1: connection refused");
}

TEST(Client, givesUpOnAServerThatDoesNotAnswerInTime) {
  const Poco::Net::ServerSocket silent(Poco::Net::SocketAddress("127.0.0.1", 0));
  Settings settings = settingsFor(silent.address().toString());
  settings.connectTimeout = std::chrono::milliseconds(50);
  settings.attempts = 1;
  const auto ready = Client(std::move(settings)).ready();
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().failure, Failure::unreachable);
}

// Verification of servers reads the process' environment.
class ServerVerification : public testing::Test {
 protected:
  ~ServerVerification() override { ::unsetenv("SSL_CERT_FILE"); }

  void trust(const ScriptedServer& server) {
    const std::string file = directory_ / "server.crt";
    std::ofstream(file) << server.certificatePem();
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  }

  static Result<void> readyAt(const std::string& server) {
    Settings settings = settingsFor(server);
    settings.insecure = false;
    return Client(std::move(settings)).ready();
  }

  test::TempDir directory_;
};

TEST_F(ServerVerification, refusesAServerNobodyVouchesFor) {
  const ScriptedServer server(always({}));
  const auto ready = readyAt(server.authority());
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().failure, Failure::certificate);
  EXPECT_THAT(ready.error().message, HasSubstr("self-signed certificate"));
  EXPECT_TRUE(server.asked().empty());
}

TEST_F(ServerVerification, acceptsAnAddressAmongTheCertificatesAddresses) {
  const ScriptedServer server(always({}), {"127.0.0.1"});
  trust(server);
  const auto ready = readyAt(server.authority());
  EXPECT_TRUE(ready) << ready.error().message;
}

TEST_F(ServerVerification, refusesAnAddressThatTheCertificateLacks) {
  const ScriptedServer server(always({}), {"127.0.0.2"}, {"127.0.0.1", "localhost"});
  trust(server);
  const auto ready = readyAt(server.authority());
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().failure, Failure::certificate);
  EXPECT_THAT(ready.error().message, HasSubstr("IP address mismatch"));
  EXPECT_TRUE(server.asked().empty());
}

TEST_F(ServerVerification, acceptsAHostAmongTheCertificatesNamesAlone) {
  const ScriptedServer named(always({}), {}, {"localhost"});
  trust(named);
  const auto ready = readyAt("localhost:" + std::to_string(named.port()));
  EXPECT_TRUE(ready) << ready.error().message;

  const ScriptedServer other(always({}), {"127.0.0.1"}, {"other.example"});
  trust(other);
  const auto refused = readyAt("localhost:" + std::to_string(other.port()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::certificate);
}

TEST_F(ServerVerification, readsPlainFilesInADirectoryOfRoots) {
  const ScriptedServer server(always({}));
  std::ofstream(directory_ / "any name") << server.certificatePem();
  std::ofstream(directory_ / "notes.txt") << "no certificate";
  ::setenv("SSL_CERT_DIR", directory_.path().c_str(), 1);
  const auto ready = readyAt(server.authority());
  ::unsetenv("SSL_CERT_DIR");
  EXPECT_TRUE(ready) << ready.error().message;
}

}  // namespace
}  // namespace kes::client
