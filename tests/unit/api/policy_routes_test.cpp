#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/handler.h"
#include "doubles.h"

namespace kes::api {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The routes of policies and identities, on two event loops. What they decide is tested in tests/unit/policy.
class PolicyRoutes : public testing::Test {
 protected:
  PolicyRoutes() {
    const std::vector<policy::PolicyStatement> statements = {
        {"app", {"/v1/key/b*", "/v1/key/a*", "/v1/key/a*"}, {"/v1/key/\"x\""}, {"alice"}},
        {"bare", {}, {}, {"bob"}},
        {"desk", {"/v1/policy/write/*", "/v1/policy/assign/*", "/v1/status"}, {}, {"carol"}},
        {"broad", {"*"}, {}, {"dave"}}};
    const std::vector<std::string> proxies = {"proxy"};
    State state;
    state.policies = *policy::PolicySet::build("root", statements, proxies);
    state.store = std::make_shared<HeldStore>();
    for (RouteSettings& route : state.routes) route.timeout = std::chrono::seconds(15);
    context_.state.publish(std::make_shared<const State>(std::move(state)));
    for (auto& loop : loops_) loop = std::make_unique<ApiHandler>(context_);
  }

  FakeExchange ask(std::string method, std::string path, std::string body = {}, std::string as = "root") {
    FakeExchange exchange(std::move(method), std::move(path), std::move(body), std::move(as));
    loops_[0]->onRequest(exchange);
    if (exchange.bodyLimit) loops_[0]->onBody(exchange);
    return exchange;
  }

  void expect(FakeExchange exchange, int status, std::string answer) {
    EXPECT_EQ(exchange.status, status);
    EXPECT_EQ(exchange.answer, answer.empty() ? "" : answer + "\n");
    EXPECT_EQ(exchange.contentType, answer.empty() ? "" : "application/json");
  }
  void expectFailure(FakeExchange exchange, int status, std::string_view message) {
    expect(std::move(exchange), status, std::string(R"({"message":")").append(message).append("\"}"));
  }

  SilentLog log_;
  Context context_{.log = log_.log, .version = "v", .commit = "c"};
  std::unique_ptr<ApiHandler> loops_[2];
  std::string start_ = base::formatRfc3339Local(context_.startedOn);
  std::string made_ = R"("created_at":")" + start_ + R"(","created_by":"root")";
};

TEST_F(PolicyRoutes, tellWhatTheFileSays) {
  expect(ask("GET", "/v1/policy/describe/app"), 200, R"({"name":"app",)" + made_ + "}");
  expect(ask("GET", "/v1/policy/read/app"), 200,
         R"({"name":"app","allow":{"/v1/key/a*":{},"/v1/key/b*":{}},"deny":{"/v1/key/\"x\"":{}},)" + made_ +
             "}");
  expect(ask("GET", "/v1/policy/read/bare"), 200, R"({"name":"bare",)" + made_ + "}");
  expect(ask("GET", "/v1/policy/list/"), 200, R"({"names":["app","bare","broad","desk"],"continue_at":""})");
  expect(ask("GET", "/v1/policy/list/b*"), 200, R"({"names":["bare","broad"],"continue_at":""})");
  expect(ask("GET", "/v1/policy/list/x"), 200, R"({"names":[],"continue_at":""})");

  expect(ask("GET", "/v1/identity/describe/alice"), 200, R"({"policy":"app",)" + made_ + "}");
  expect(ask("GET", "/v1/identity/describe/root"), 200, R"({"admin":true,"created_at":")" + start_ + "\"}");
  expect(ask("GET", "/v1/identity/list/*"), 200,
         R"({"identities":["alice","bob","carol","dave","root"],"continue_at":""})");
  expect(ask("GET", "/v1/identity/list/ro"), 200, R"({"identities":["root"],"continue_at":""})");
}

TEST_F(PolicyRoutes, tellEverybodyWhoTheyAre) {
  expect(ask("GET", "/v1/identity/self/describe", {}, "alice"), 200,
         R"({"identity":"alice","policy":"app",)" + made_ +
             R"(,"allow":{"/v1/key/a*":{},"/v1/key/b*":{}},"deny":{"/v1/key/\"x\"":{}}})");
  expect(ask("GET", "/v1/identity/self/describe"), 200,
         R"({"identity":"root","admin":true,"created_at":")" + start_ + "\"}");
  for (const auto* nobody : {"stranger", "proxy", ""})
    expectFailure(ask("GET", "/v1/identity/self/describe", {}, nobody), 404, "identity does not exist");
}

TEST_F(PolicyRoutes, changeWhatIsDecidedOnEveryLoop) {
  expect(ask("POST", "/v1/policy/write/new", R"({"allow":["/v1/policy/list/*"],"deny":null})"), 200, "");
  expect(ask("POST", "/v1/policy/assign/new", R"({"identity":"erin"})"), 200, "");
  expect(ask("POST", "/v1/identity/assign/new/frank"), 200, "");
  for (const auto* who : {"erin", "frank"}) {
    FakeExchange list("GET", "/v1/policy/list/new", {}, who);
    loops_[1]->onRequest(list);
    expect(std::move(list), 200, R"({"names":["new"],"continue_at":""})");
  }
  EXPECT_THAT(ask("GET", "/v1/policy/read/new").answer,
              StartsWith(R"({"name":"new","allow":{"/v1/policy/list/*":{}},"created_at":"2)"));
  EXPECT_THAT(ask("GET", "/v1/identity/describe/erin").answer,
              testing::MatchesRegex(R"re(\{"policy":"new","created_at":"2.*Z","created_by":"root"\}.)re"));

  expect(ask("DELETE", "/v1/identity/forget/erin"), 200, "");
  expect(ask("DELETE", "/v1/policy/delete/new"), 200, "");
  for (const auto* who : {"erin", "frank"}) {
    FakeExchange list("GET", "/v1/policy/list/new", {}, who);
    loops_[1]->onRequest(list);
    expectFailure(std::move(list), 403, "not authorized: insufficient permissions");
  }
  expect(ask("DELETE", "/v1/identity/delete/alice"), 200, "");
  expectFailure(ask("GET", "/v1/identity/describe/alice"), 404, "identity does not exist");
}

TEST_F(PolicyRoutes, refuseInTheWordsOfTheProtocol) {
  const std::string invalid = "is empty, too long or contains invalid characters";
  const std::string forbidden = "not authorized: insufficient permissions";
  struct Case {
    std::string method, path, body, as;
    int status;
    std::string message;
  };
  const Case cases[] = {
      {"GET", "/v1/policy/describe/none", "", "root", 404, "policy does not exist"},
      {"GET", "/v1/policy/read/none", "", "root", 404, "policy does not exist"},
      {"GET", "/v1/policy/read/-a", "", "root", 400, "policy name '-a' " + invalid},
      {"GET", "/v1/policy/list/a**", "", "root", 400,
       "listing pattern 'a**' is empty, too long or is invalid"},
      {"GET", "/v1/policy/list/a*b", "", "root", 400,
       "listing pattern 'a*b' is empty, too long or is invalid"},
      {"GET", "/v1/identity/describe/proxy", "", "root", 404, "identity does not exist"},
      {"GET", "/v1/identity/describe/a.b", "", "root", 400, "identity 'a.b' " + invalid},
      {"GET", "/v1/identity/list/_", "", "root", 400, "listing pattern '_' is empty, too long or is invalid"},
      {"GET", "/v1/policy/read/app", "", "alice", 403, forbidden},
      {"PUT", "/v1/policy/write/x", "{}", "root", 405, "received method 'PUT' expected 'POST'"},
      {"POST", "/v1/policy/write/-", "{}", "root", 400, "policy name '-' " + invalid},
      {"POST", "/v1/policy/write/x", "[]", "root", 400, "invalid request body"},
      {"POST", "/v1/policy/write/x", R"({"allow":"*"})", "root", 400, "invalid request body"},
      {"POST", "/v1/policy/write/x", "{}", "dave", 403, forbidden},
      {"POST", "/v1/policy/write/desk", "{}", "carol", 403, forbidden},
      {"POST", "/v1/policy/write/x", R"({"allow":["/v1/api"]})", "carol", 403, forbidden},
      {"POST", "/v1/policy/assign/app", R"({"identity":""})", "root", 400, "identity is unknown"},
      {"POST", "/v1/policy/assign/app", "{}", "root", 400, "identity is unknown"},
      {"POST", "/v1/policy/assign/app", R"({"identity":"a b"})", "root", 400, "identity 'a b' " + invalid},
      {"POST", "/v1/policy/assign/app", R"({"identity":"root"})", "root", 400,
       "cannot assign policy to system admin"},
      {"POST", "/v1/policy/assign/app", R"({"identity":"proxy"})", "root", 400,
       "cannot assign policy to TLS proxy"},
      {"POST", "/v1/policy/assign/bare", R"({"identity":"carol"})", "carol", 403,
       "identity cannot assign policy to itself"},
      {"POST", "/v1/policy/assign/none", R"({"identity":"erin"})", "root", 404, "policy does not exist"},
      {"POST", "/v1/identity/assign/app", "", "root", 400, "identity '' " + invalid},
      {"POST", "/v1/identity/assign/app%2Ferin", "", "root", 400, "policy name 'app/erin' " + invalid},
      {"POST", "/v1/identity/assign/app/erin/x", "", "root", 400, "identity 'erin/x' " + invalid},
      {"DELETE", "/v1/identity/forget/erin", "", "root", 404, "identity does not exist"},
      {"DELETE", "/v1/identity/delete/root", "", "root", 400, "cannot delete system admin"},
      {"DELETE", "/v1/policy/delete/none", "", "root", 404, "policy does not exist"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.method + ' ' + c.path + ' ' + c.body + " as " + c.as);
    expectFailure(ask(c.method, c.path, c.body, c.as), c.status, c.message);
  }
}

TEST_F(PolicyRoutes, limitTheirBodies) {
  EXPECT_EQ(ask("POST", "/v1/policy/write/x", "{}").bodyLimit, 1'048'576U);
  EXPECT_EQ(ask("POST", "/v1/policy/assign/x", "{}").bodyLimit, 1024U);
}

// Otherwise a body sent slowly would keep a right alive that was taken away in the meantime.
TEST_F(PolicyRoutes, decideAnewWhenTheBodyHasCome) {
  FakeExchange slow("POST", "/v1/policy/write/x", "{}", "carol");
  loops_[1]->onRequest(slow);
  ASSERT_EQ(slow.status, 0);
  expect(ask("DELETE", "/v1/identity/forget/carol"), 200, "");
  loops_[1]->onBody(slow);
  expectFailure(std::move(slow), 403, "not authorized: insufficient permissions");
}

class RefusalLog : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  void TearDown() override { ::close(ends_[0]); }

  // What the audit log says while `requests` are served.
  std::string auditOf(const std::vector<FakeExchange>& requests) {
    {
      SilentLog silent;
      observe::Log log({}, std::nullopt, {}, silent.null.fd, ends_[1]);
      Context context{.log = log, .version = "v", .commit = "c"};
      const std::vector<policy::PolicyStatement> statements = {
          {"broad", {"*"}, {"/v1/status"}, {"dave"}}, {"desk", {"/v1/policy/write/*"}, {}, {"carol"}}};
      State state;
      state.policies = *policy::PolicySet::build("root", statements);
      state.store = std::make_shared<HeldStore>();
      context.state.publish(std::make_shared<const State>(std::move(state)));
      ApiHandler handler(context);
      for (FakeExchange request : requests) {
        handler.onRequest(request);
        if (request.bodyLimit) handler.onBody(request);
      }
    }
    ::close(ends_[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(ends_[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    return text;
  }

  int ends_[2] = {-1, -1};
};

TEST_F(RefusalLog, saysWhichPolicyAndPatternDecided) {
  const std::string log = auditOf({{"GET", "/v1/status", "", "dave"},
                                   {"POST", "/v1/policy/write/x", "{}", "dave"},
                                   {"GET", "/v1/api", "", "carol"},
                                   {"POST", "/v1/policy/write/x", R"({"allow":["/v1/api"]})", "carol"},
                                   {"GET", "/v1/api", "", "stranger"},
                                   {"POST", "/v1/policy/write/x", R"({"deny":["*"]})", "root"},
                                   {"POST", "/v1/policy/assign/x", R"({"identity":"erin"})", "root"},
                                   {"GET", "/v1/api", "", "erin"}});
  for (const char* line :
       {"access denied: policy 'broad' denies '/v1/status'",
        "access denied: policy 'broad' allows '*', but only a pattern of the configuration file that names "
        "this "
        "route opens it",
        "access denied: no pattern of policy 'desk' matches",
        "access denied: pattern '/v1/api' of policy 'x' is not known to be within policy 'desk' of its "
        "author",
        "access denied: no policy names this identity", "policy 'x' written", "policy 'x' assigned to 'erin'",
        "access denied: policy 'x', written at run time, denies '*'"}) {
    EXPECT_THAT(log, HasSubstr(line));
  }
}

}  // namespace
}  // namespace kes::api
