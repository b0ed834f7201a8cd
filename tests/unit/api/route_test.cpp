#include "api/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kes::api {
namespace {

struct Case {
  std::string target;
  Match::Kind kind;
  std::string path;      // of a route
  std::string resource;  // of a route, or the location of a redirect
};

TEST(Route, isFoundByTheDecodedPath) {
  using Kind = Match::Kind;
  const std::vector<Case> cases = {
      {"/version", Kind::route, "/version", ""},
      {"/version?x=1", Kind::route, "/version", ""},
      {"/v1/key/create/my-key", Kind::route, "/v1/key/create/my-key", "my-key"},
      {"/v1/key/create/my-key?x", Kind::route, "/v1/key/create/my-key", "my-key"},
      {"/v1/key/create/", Kind::route, "/v1/key/create/", ""},
      {"/v1/key/list/%2A", Kind::route, "/v1/key/list/*", "*"},
      {"/v1/key/list/a%2ab", Kind::route, "/v1/key/list/a*b", "a*b"},
      {"/v1/key/bulk/decrypt/k", Kind::route, "/v1/key/bulk/decrypt/k", "k"},
      {"/v1/key/create/a/b", Kind::route, "/v1/key/create/a/b", "a/b"},
      {"/v1/key/create/a%2Fb", Kind::route, "/v1/key/create/a/b", "a/b"},
      {"/v1/key/create/%2e%2e", Kind::route, "/v1/key/create/..", ".."},
      {"/%76ersion", Kind::route, "/version", ""},
      {"/v1/key/create", Kind::redirect, "", "/v1/key/create/"},
      {"/v1/key/list?a=b", Kind::redirect, "", "/v1/key/list/?a=b"},
      {"//version", Kind::redirect, "", "/version"},
      {"/v1//key/list/x", Kind::redirect, "", "/v1/key/list/x"},
      {"/v1/./status", Kind::redirect, "", "/v1/status"},
      {"/v1/x/../status?q", Kind::redirect, "", "/v1/status?q"},
      {"/v1/key/create/x/..", Kind::redirect, "", "/v1/key/create"},
      {"/../../version", Kind::redirect, "", "/version"},
      {"/", Kind::notFound, "", ""},
      {"", Kind::notFound, "", ""},
      {"*", Kind::notFound, "", ""},
      {"/v1%2Fstatus", Kind::notFound, "", ""},
      {"/v1/status/", Kind::notFound, "", ""},
      {"/v1/key%2Fcreate/x", Kind::notFound, "", ""},
      {"/v1/nothing", Kind::notFound, "", ""},
      {"/v1/key/create/%", Kind::malformed, "", ""},
      {"/v1/key/create/%4", Kind::malformed, "", ""},
      {"/v1/key/create/%zz", Kind::malformed, "", ""},
      {"/v1/key/create/a%00b", Kind::malformed, "", ""},
      {std::string("/v1/key/create/a\0b", 18), Kind::malformed, "", ""},
  };
  std::string scratch;
  for (const Case& c : cases) {
    const Match match = findRoute(c.target, scratch);
    EXPECT_EQ(match.kind, c.kind) << c.target;
    if (c.kind == Kind::route && match.route != nullptr) {
      EXPECT_EQ(match.path, c.path) << c.target;
      EXPECT_EQ(match.resource, c.resource) << c.target;
    }
    if (c.kind != Kind::route) {
      EXPECT_EQ(match.path, std::string_view(c.target).substr(0, c.target.find('?'))) << c.target;
    }
    if (c.kind == Kind::redirect) {
      EXPECT_EQ(match.location, c.resource) << c.target;
    }
  }
}

TEST(Route, takesPostWherePutIsRegistered) {
  EXPECT_TRUE(routeOf(Operation::create).accepts("POST"));
  EXPECT_TRUE(routeOf(Operation::create).accepts("PUT"));
  EXPECT_FALSE(routeOf(Operation::create).accepts("GET"));
  EXPECT_FALSE(routeOf(Operation::describe).accepts("POST"));
  EXPECT_FALSE(routeOf(Operation::status).accepts("HEAD"));
  EXPECT_FALSE(routeOf(Operation::remove).accepts("delete"));
}

}  // namespace
}  // namespace kes::api
