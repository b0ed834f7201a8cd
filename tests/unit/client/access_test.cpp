// The calls about policies and identities.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client.h"
#include "client_under_test.h"
#include "support/scripted_server.h"

namespace kes::client {
namespace {

using test::ScriptedServer;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClientAccess, readsPolicies) {
  const ScriptedServer server([](const ScriptedServer::Asked& asked) -> ScriptedServer::Answer {
    if (asked.path == "/v1/policy/describe/p") {
      return {.body = R"({"name":"p","created_at":"2026-11-25T12:36:20Z","created_by":"me"})"};
    }
    if (asked.path == "/v1/policy/read/p") {
      return {.body = R"({"name":"p","allow":{"/b*":{},"/a":{}},"created_at":"2026-11-25T12:36:20Z"})"};
    }
    if (asked.path == "/v1/policy/read/old") return {.body = R"({"allow":["/b","/a"],"deny":["/c"]})"};
    return {.body = R"({"names":["p"],"continue_at":""})"};
  });
  Client client = clientOf(server);
  EXPECT_EQ(client.describePolicy("p")->createdBy, "me");
  const auto policy = client.readPolicy("p");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_THAT(policy->allow, ElementsAre("/a", "/b*"));
  EXPECT_THAT(policy->deny, IsEmpty());
  const auto old = client.readPolicy("old");
  ASSERT_TRUE(old) << old.error().message;
  EXPECT_THAT(old->allow, ElementsAre("/a", "/b"));
  EXPECT_THAT(old->deny, ElementsAre("/c"));
  EXPECT_THAT(client.listPolicies("p").value(), ElementsAre("p"));
}

TEST(ClientAccess, changesPolicies) {
  const ScriptedServer server(always({}));
  Client client = clientOf(server);
  const std::vector<std::string> allow = {"/a\"b", "/c"};
  ASSERT_TRUE(client.writePolicy("p", allow, {}));
  ASSERT_TRUE(client.assignPolicy("p", "id"));
  ASSERT_TRUE(client.deletePolicy("p"));
  ASSERT_TRUE(client.deleteIdentity("id"));
  std::vector<std::string> asked;
  for (const auto& a : server.asked()) asked.push_back(a.method + " " + a.path + " " + a.body);
  EXPECT_THAT(asked, ElementsAre(R"(POST /v1/policy/write/p {"allow":["/a\"b","/c"],"deny":[]})",
                                 R"(POST /v1/policy/assign/p {"identity":"id"})",
                                 "DELETE /v1/policy/delete/p ", "DELETE /v1/identity/delete/id "));
}

TEST(ClientAccess, readsIdentities) {
  const ScriptedServer server([](const ScriptedServer::Asked& asked) -> ScriptedServer::Answer {
    if (asked.path == "/v1/identity/describe/a") return {.body = R"({"admin":true})"};
    if (asked.path == "/v1/identity/describe/u") return {.body = R"({"policy":"p","created_by":"a"})"};
    return {.body = R"({"identities":["a","u"],"continue_at":""})"};
  });
  Client client = clientOf(server);
  EXPECT_TRUE(client.describeIdentity("a")->admin);
  EXPECT_EQ(client.describeIdentity("u")->policy, "p");
  EXPECT_THAT(client.listIdentities("").value(), ElementsAre("a", "u"));
}

// Servers of three eras answer in three ways.
TEST(ClientAccess, readsWhatEveryServerSaysAboutOneself) {
  for (const char* body :
       {R"({"identity":"u","policy":"p","created_by":"a","allow":{"/x":{}},"deny":{"/y":{}}})",
        R"({"identity":"u","created_by":"a","policy":{"name":"p","allow":{"/x":{}},"deny":{"/y":{}}}})",
        R"({"identity":"u","policy_name":"p","created_by":"a","policy":{"allow":["/x"],"deny":["/y"]}})"}) {
    const ScriptedServer server(always({.body = body}));
    const auto self = clientOf(server).describeSelf();
    ASSERT_TRUE(self) << body;
    EXPECT_EQ(self->identity + self->info.policy + self->info.createdBy, "upa") << body;
    EXPECT_THAT(self->rules.allow, ElementsAre("/x")) << body;
    EXPECT_THAT(self->rules.deny, ElementsAre("/y")) << body;
  }
}

TEST(ClientAccess, refusesAnswersThatAreNotWhatTheyShouldBe) {
  for (const char* body : {"", "[]", "{", R"({"created_at":"yesterday"})", R"({"allow":"x","policy":[]})"}) {
    const ScriptedServer server(always({.body = body}));
    Client client = clientOf(server);
    EXPECT_FALSE(client.readPolicy("p")) << body;
    EXPECT_FALSE(client.describeIdentity("p")) << body;
    EXPECT_EQ(client.describeSelf().error().failure, Failure::malformed) << body;
  }
}

TEST(ClientLog, arrivesLineByLine) {
  const ScriptedServer server(
      always({.body = "{\"a\":1}\n\n{\"b\":2}\n", .contentType = "application/x-ndjson"}));
  Client client = clientOf(server);
  const auto stream = client.followLog(LogKind::error);
  ASSERT_TRUE(stream) << stream.error().message;
  EXPECT_EQ((*stream)->next().value(), "{\"a\":1}");
  EXPECT_EQ((*stream)->next().value(), "{\"b\":2}");
  EXPECT_EQ((*stream)->next().value(), std::nullopt);
  EXPECT_EQ(server.asked()[0].path, "/v1/log/error");
}

TEST(ClientLog, thatBreaksOffOrHasALineWithoutEndIsAnError) {
  const ScriptedServer broken(always({.body = "{\"a\":"}));
  Client client = clientOf(broken);
  EXPECT_EQ((*client.followLog(LogKind::audit))->next().error().message,
            "the server broke off within a line");
  const ScriptedServer endless(always({.body = std::string(LineStream::kMaxLine + 1, 'x') + "\n"}));
  Client other = clientOf(endless);
  const auto line = (*other.followLog(LogKind::audit))->next();
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().failure, Failure::malformed);
}

TEST(ClientLog, thatIsRefusedIsAnErrorOfTheCall) {
  const ScriptedServer server(always({.status = 403, .body = R"({"message":"no"})"}));
  EXPECT_EQ(clientOf(server).followLog(LogKind::audit).error().message, "no");
}

}  // namespace
}  // namespace kes::client
