// A request that the cache can answer asks for no memory once its loop is warm.

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "allocation/counting_malloc.h"
#include "crypto/x509.h"
#include "server/service.h"
#include "unit/http/test_client.h"
#include "unit/server/server_files.h"

namespace kes {
namespace {

using http::test::Credential;
using http::test::H1Client;
using http::test::H2Client;

// "name":"…" of an answer.
std::string member(const std::string& json, const std::string& name) {
  const auto begin = json.find('"' + name + "\":\"") + name.size() + 4;
  return json.substr(begin, json.find('"', begin) - begin);
}

class Allocation : public testing::Test {
 protected:
  void SetUp() override {
    options_.pluginDirs = {KES_BINARY_DIR "/lib/kes/plugins"};
    options_.configFile = files_.configure(
        "keys: [{name: my-key}]\npolicy:\n  app:\n    allow: [/v1/key/*]\n    identities: [" +
        credential_.identity() + "]\n");
    auto settings = server::loadSettings(options_);
    ASSERT_TRUE(settings) << settings.error().message;
    auto service = server::Service::start(options_, *settings);
    ASSERT_TRUE(service) << service.error().message;
    service_ = std::move(*service);
  }
  void TearDown() override {
    if (service_) service_->stop();
  }

  using Ask = std::function<std::string(const std::string& target, const std::string& body)>;

  // OpenSSL 3.0 takes four small pieces to write a record (WPACKET), and no call can change that. Here each
  // request has a record of its own.
  static constexpr std::uint64_t kPerRecord = 4;
  static constexpr std::uint64_t kRequests = 400;

  // What the loops allocate for kRequests, after as many of the same.
  static test::Allocations allocationsOf(const Ask& ask) {
    std::string generated;
    const auto round = [&] {
      for (std::uint64_t i = 0; i < kRequests / 4; ++i) {
        generated = ask("/v1/key/generate/my-key", R"({"context":"YnVja2V0"})");
        EXPECT_FALSE(member(generated, "ciphertext").empty());
        ask("/v1/key/decrypt/my-key",
            R"({"context":"YnVja2V0","ciphertext":")" + member(generated, "ciphertext") + "\"}");
        ask("/v1/key/encrypt/my-key", R"({"plaintext":"aGVsbG8="})");
        ask("/v1/key/hmac/my-key", R"({"message":"aGVsbG8="})");
      }
    };
    round();
    const auto before = test::loopAllocations();
    EXPECT_GT(before.ours, 0U) << "the counter does not see the event loops";
    round();
    const auto after = test::loopAllocations();
    return {after.ours - before.ours, after.openSsls - before.openSsls};
  }

  Credential credential_ = http::test::makeCredential({});
  server::ServerFiles files_;
  server::RunOptions options_;
  std::unique_ptr<server::Service> service_;
};

TEST_F(Allocation, isNotNeededByWarmRequestsOverHttp2) {
  H2Client client(service_->port(), {.credential = &credential_});
  const auto made = allocationsOf([&](const std::string& target, const std::string& body) {
    const auto response = client.fetch({.method = "PUT", .target = target, .body = body});
    EXPECT_EQ(response.status, 200) << target << response.body;
    return response.body;
  });
  EXPECT_EQ(made.ours, 0U);
  EXPECT_LE(made.openSsls, kPerRecord * kRequests);
}

TEST_F(Allocation, isNotNeededByWarmRequestsOverHttp1) {
  H1Client client(service_->port(), {.credential = &credential_});
  const auto made = allocationsOf([&](const std::string& target, const std::string& body) {
    const auto response = client.request("PUT", target, body);
    EXPECT_EQ(response.status, 200) << target << response.body;
    return response.body;
  });
  EXPECT_EQ(made.ours, 0U);
  EXPECT_LE(made.openSsls, kPerRecord * kRequests);
}

}  // namespace
}  // namespace kes

int main(int argc, char** argv) {
  kes::test::countOpenSsl();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
