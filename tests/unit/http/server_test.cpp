#include "http/server.h"

#include <gtest/gtest.h>

#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

const Credential& client() {
  static const Credential credential = makeCredential({.name = "client", .extendedKeyUsage = "clientAuth"});
  return credential;
}

TEST(Server, answersOverHttp1) {
  TestServer server;
  H1Client connection(server.port(), {.credential = &client(), .protocols = {"http/1.1"}});

  const auto response = connection.request("GET", "/hello");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello\n");
}

TEST(Server, answersOverHttp2) {
  TestServer server;
  H2Client connection(server.port(), {.credential = &client()});

  const auto response = connection.fetch({.target = "/hello"});

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello\n");
}

}  // namespace
}  // namespace kes::http::test
