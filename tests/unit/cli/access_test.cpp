// The commands about policies and identities, and what they print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/identity_info.h"
#include "cli/policy_output.h"
#include "program_under_test.h"
#include "support/scripted_server.h"
#include "support/temp_dir.h"

namespace kes::cli {
namespace {

using test::ScriptedServer;
using testing::ElementsAre;
using testing::HasSubstr;
using Answer = ScriptedServer::Answer;
using Asked = ScriptedServer::Asked;

class AccessCommands : public testing::Test {
 protected:
  AccessCommands() {
    kes.environment = {{"KES_API_KEY", "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs"},
                       {"KES_SERVER", server.authority()}};
  }

  [[nodiscard]] std::vector<std::string> calls() const {
    std::vector<std::string> calls;
    for (const Asked& asked : server.asked()) calls.push_back(asked.method + " " + asked.path + asked.body);
    return calls;
  }

  static Answer answer(const Asked& asked) {
    if (asked.path.ends_with("/missing")) {
      return {.status = 404, .body = R"({"message":"policy does not exist"})"};
    }
    if (asked.path.ends_with("/old")) {
      return {.status = 404, .body = "404 page not found\n", .contentType = "text/plain"};
    }
    if (asked.path.starts_with("/v1/policy/read/")) {
      return {.body =
                  R"({"allow":{"/b":{},"/a<":{}},"created_at":"2026-11-25T12:36:20Z","created_by":"me"})"};
    }
    if (asked.path.starts_with("/v1/identity/self/")) {
      return {.body =
                  R"({"identity":"u","policy":"p","allow":{"/a":{}},"created_at":"2026-11-25T12:36:20Z"})"};
    }
    return {.body = R"({"names":["b","a"],"identities":["y","x"],"name":"p","policy":"p"})"};
  }

  ScriptedServer server{answer};
  ProgramUnderTest kes;
};

TEST_F(AccessCommands, listEverythingThereIsToList) {
  EXPECT_EQ(kes.run({"policy", "ls", "-k"}), 0);
  EXPECT_EQ(kes.out, "Policy\na\nb\n");
  EXPECT_EQ(kes.run({"identity", "ls", "-k", "--json"}), 0);
  EXPECT_EQ(kes.out, "[\"x\",\"y\"]\n");
  EXPECT_EQ(kes.run({"ls", "-k", "k"}), 0);
  EXPECT_EQ(kes.out, "Key\na\nb\n");
  EXPECT_EQ(kes.run({"ls", "-kp", "--json"}), 0);
  EXPECT_EQ(kes.out, "[\"a\",\"b\"]\n");
  EXPECT_EQ(kes.run({"ls", "-ki"}), 0);
  EXPECT_EQ(kes.out, "Identity\nx\ny\n");
  EXPECT_THAT(calls(),
              ElementsAre("GET /v1/policy/list/%2A", "GET /v1/identity/list/%2A", "GET /v1/key/list/k",
                          "GET /v1/policy/list/%2A", "GET /v1/identity/list/%2A"));
}

TEST_F(AccessCommands, showPoliciesAsJsonOnAPipeAndAsTextOnATerminal) {
  const std::string json =
      R"({"allow":{"/a\u003c":{},"/b":{}},"created_at":"2026-11-25T12:36:20Z","created_by":"me"})";
  EXPECT_EQ(kes.run({"policy", "show", "-k", "p"}), 0) << kes.err;
  EXPECT_EQ(kes.out, json + "\n");
  kes.onTerminal = true;
  EXPECT_EQ(kes.run({"policy", "show", "-k", "p"}), 0);
  EXPECT_THAT(kes.out, HasSubstr("Allow:\n  · /a<\n  · /b\n\nCreated at: "));
  EXPECT_EQ(kes.run({"policy", "show", "-k", "missing"}), 1);
  EXPECT_EQ(kes.err, "Error: failed to show policy 'missing': policy does not exist\n");
}

TEST_F(AccessCommands, changePoliciesFromLeftToRight) {
  const test::TempDir directory;
  const std::string file = directory / "policy.yml";
  std::ofstream(file) << "allow:\n- /v1/key/create/x*\n";
  EXPECT_EQ(kes.run({"policy", "create", "-k", "p", file}), 0) << kes.err;
  EXPECT_EQ(kes.run({"policy", "assign", "-k", "p", "x", "y"}), 0) << kes.err;
  EXPECT_EQ(kes.run({"identity", "assign", "-k", "x", "p"}), 0) << kes.err;
  EXPECT_EQ(kes.out + kes.err, "");
  EXPECT_EQ(kes.run({"policy", "rm", "-k", "missing", "b"}), 1);
  EXPECT_EQ(kes.err, "Error: failed to remove policy \"missing\": policy does not exist\n");
  EXPECT_EQ(kes.run({"identity", "rm", "-k", "old"}), 1);
  EXPECT_EQ(kes.err,
            "Error: failed to remove identity \"old\": the server has no such call (404 page not found)\n");
  EXPECT_THAT(calls(), ElementsAre(R"(POST /v1/policy/write/p{"allow":["/v1/key/create/x*"],"deny":[]})",
                                   R"(POST /v1/policy/assign/p{"identity":"x"})",
                                   R"(POST /v1/policy/assign/p{"identity":"y"})",
                                   R"(POST /v1/policy/assign/p{"identity":"x"})",
                                   "DELETE /v1/policy/delete/missing", "DELETE /v1/identity/delete/old"));
}

TEST_F(AccessCommands, tellWhoOneIs) {
  EXPECT_EQ(kes.run({"identity", "info", "-k"}), 0) << kes.err;
  EXPECT_EQ(kes.out,
            "Identity    u\n"
            "Created At  2026-11-25 12:36:20\n"
            "Role        User\n"
            "\n"
            "Policy      p\n"
            "Allow      \n"
            "            · /a\n");
  EXPECT_EQ(kes.run({"identity", "info", "-k", "--json"}), 0);
  EXPECT_EQ(kes.out, R"({"identity":"u","policy":"p","created_at":"2026-11-25T12:36:20Z","allow":{"/a":{}}})"
                     "\n");
  EXPECT_EQ(kes.run({"identity", "info", "-k", "x"}), 0);
  EXPECT_EQ(kes.out, "Identity    x\nPolicy      p\nRole        User\n");
}

TEST(PolicyOutput, whatIsNotKnownIsLeftOut) {
  const client::PolicyInfo info{"p", "0001-01-01T00:00:00Z", ""};
  EXPECT_EQ(policyInfoText(info, Style::plain()), "Name        p\n");
  EXPECT_EQ(policyInfoJson(info), R"({"name":"p","created_at":"0001-01-01T00:00:00Z"})");
  EXPECT_EQ(policyText({{}, {"/x\x1b"}, info.createdAt, ""}, Style::plain()),
            "Deny:\n  · /x?\n\nCreated by: <unknown>\n");
}

}  // namespace
}  // namespace kes::cli
