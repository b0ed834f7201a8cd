// kes policy explain
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "program_under_test.h"
#include "support/scripted_server.h"
#include "support/temp_dir.h"

namespace kes::cli {
namespace {

using test::ScriptedServer;
using testing::HasSubstr;

const std::string kUser(64, 'a');
const std::string kAdmin(64, 'f');

class ExplainByConfig : public testing::Test {
 protected:
  ExplainByConfig() : file(directory_ / "config.yml") {
    std::ofstream(file) << "admin: {identity: " << kAdmin << "}\n"
                        << "tls: {key: s.key, cert: s.crt}\n"
                        << "api: {/v1/ready: {skip_auth: true}}\n"
                        << "policy:\n"
                        << "  app:\n"
                        << "    allow: [/v1/key/create/app-*]\n"
                        << "    deny: [/v1/key/create/app-internal*]\n"
                        << "    identities: [" << kUser << "]\n"
                        << "keystore: {fs: {path: keys}}\n";
  }

  int explain(const std::string& identity, const std::string& method, const std::string& path) {
    return kes.run({"policy", "explain", "--config", file, identity, method, path});
  }

 private:
  test::TempDir directory_;

 protected:
  std::string file;
  ProgramUnderTest kes;
};

TEST_F(ExplainByConfig, saysWhichPatternDecides) {
  struct Case {
    std::string identity;
    std::string path;
    int code;
    std::string text;
  };
  const std::string route = "/v1/key/create/";
  const std::vector<Case> cases = {
      {kUser, route + "app-1", 0, "allowed: policy 'app' allows '/v1/key/create/app-*'\n"},
      {kUser, route + "app%2D1", 0, "allowed: policy 'app' allows '/v1/key/create/app-*'\n"},
      {kUser, route + "app-internal", 1, "denied: policy 'app' denies '/v1/key/create/app-internal*'\n"},
      {kUser, route + "other", 1, "denied: no pattern of policy 'app' matches\n"},
      {"stranger", route + "app-1", 1, "denied: no policy names this identity\n"},
      {kAdmin, route + "other", 0, "allowed: the admin may do everything\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(explain(c.identity, "PUT", c.path), c.code) << c.path;
    EXPECT_EQ(kes.out, c.text);
    EXPECT_EQ(kes.err, "");
  }
  EXPECT_EQ(explain("stranger", "GET", "/v1/ready"), 0);
  EXPECT_EQ(kes.out, "allowed: the route is open to everybody\n");
  EXPECT_EQ(explain("stranger", "GET", "/version"), 0);
}

TEST_F(ExplainByConfig, refusesQuestionsAboutRequestsThatLeadNowhere) {
  EXPECT_EQ(explain(kUser, "GET", "/v1/key/create/app-1"), 1);
  EXPECT_THAT(kes.err, HasSubstr("takes PUT, not GET: the server answers 405"));
  EXPECT_EQ(explain(kUser, "GET", "/v1/nonsense"), 1);
  EXPECT_THAT(kes.err, HasSubstr("no route '/v1/nonsense': it answers 404"));
  EXPECT_EQ(explain(kUser, "GET", "/v1/key/list"), 1);
  EXPECT_THAT(kes.err, HasSubstr("sends this path on to '/v1/key/list/'"));
  EXPECT_EQ(kes.run({"policy", "explain", kUser, "GET"}), 1);
  EXPECT_THAT(kes.err, HasSubstr("an identity, a method and a path are needed"));
  EXPECT_EQ(kes.run({"policy", "explain", "--config", "/none", kUser, "GET", "/version"}), 1);
  EXPECT_EQ(kes.out, "");
}

TEST_F(ExplainByConfig, saysTheSameInJson) {
  EXPECT_EQ(kes.run({"policy", "explain", "--json", "--config", file, "me", "PUT", "/v1/key/create/x"}), 1);
  EXPECT_EQ(kes.out, R"({"allowed":false,"identity":"me","method":"PUT","path":"/v1/key/create/x",)"
                     R"("because":"no policy names this identity"})"
                     "\n");
}

TEST(ExplainByServer, asksForTheIdentitysPolicy) {
  const ScriptedServer server([](const ScriptedServer::Asked& asked) -> ScriptedServer::Answer {
    if (asked.path == "/v1/identity/describe/user") return {.body = R"({"policy":"app"})"};
    if (asked.path == "/v1/identity/describe/boss") return {.body = R"({"admin":true})"};
    if (asked.path == "/v1/policy/read/app") return {.body = R"({"allow":{"/v1/status":{}}})"};
    return {.status = 404, .body = R"({"message":"identity does not exist"})"};
  });
  ProgramUnderTest kes;
  kes.environment = {{"KES_API_KEY", "kes:v1:AGaV6VXHasF0FnaB60WdCOeTZ8eTIDikL4zlN16c8NAs"},
                     {"KES_SERVER", server.authority()}};
  EXPECT_EQ(kes.run({"policy", "explain", "-k", "user", "GET", "/v1/status"}), 0) << kes.err;
  EXPECT_EQ(kes.out, "allowed: policy 'app' allows '/v1/status'\n");
  EXPECT_EQ(kes.run({"policy", "explain", "-k", "user", "GET", "/v1/ready"}), 1);
  EXPECT_EQ(kes.run({"policy", "explain", "-k", "boss", "GET", "/v1/ready"}), 0);
  EXPECT_EQ(kes.run({"policy", "explain", "-k", "nobody", "GET", "/v1/ready"}), 1);
  EXPECT_EQ(kes.out, "denied: no policy names this identity\n");
  EXPECT_EQ(kes.run({"policy", "explain", "-k", "user", "POST", "/v1/policy/write/p"}), 1);
  EXPECT_THAT(kes.err, HasSubstr("ask with --config"));
}

}  // namespace
}  // namespace kes::cli
