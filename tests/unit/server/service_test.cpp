#include "server/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "server_files.h"

namespace kes::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// The parts put together, without a client: tests/compat talks to the whole program.
class ServiceTest : public testing::Test {
 protected:
  void SetUp() override { options_.pluginDirs = {KES_BINARY_DIR "/lib/kes/plugins"}; }

  Settings load() {
    auto settings = loadSettings(options_);
    if (!settings) throw std::runtime_error(settings.error().message);
    return std::move(*settings);
  }

  std::string failureOf(std::string_view more, std::string_view keystore = "mem: {}") {
    options_.configFile = files_.configure(more, {}, keystore);
    const auto service = Service::start(options_, load());
    return service ? "none" : service.error().message;
  }

  ServerFiles files_;
  RunOptions options_;
};

TEST_F(ServiceTest, listensOnAFreePortAndStops) {
  options_.configFile = files_.configure();
  auto service = Service::start(options_, load());
  ASSERT_TRUE(service) << service.error().message;
  EXPECT_NE((*service)->port(), 0);
  EXPECT_NE((*service)->storeDescription(), "");
  (*service)->stop();
}

TEST_F(ServiceTest, aStoreThatCannotBeOpenedEndsTheStart) {
  EXPECT_THAT(failureOf({}, "no-such-plugin: {}"), HasSubstr("no-such-plugin"));
  EXPECT_THAT(failureOf({}, "fs: {path: " + files_.path("server.key") + "}"), HasSubstr("server.key"));
}

TEST_F(ServiceTest, anAddressInUseEndsTheStart) {
  options_.configFile = files_.configure();
  auto first = Service::start(options_, load());
  ASSERT_TRUE(first) << first.error().message;
  options_.address = "127.0.0.1:" + std::to_string((*first)->port());
  const auto second = Service::start(options_, load());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on"));
  (*first)->stop();
}

TEST_F(ServiceTest, predefinedKeysAreThereAndMayBeThereAlready) {
  const std::string store = "fs: {path: " + files_.path("keys") + "}";
  const std::string keys = "keys: [{name: my-key}, {name: my-other}]\n";
  EXPECT_EQ(failureOf(keys, store), "none");
  EXPECT_TRUE(std::filesystem::exists(files_.path("keys/my-key")));
  EXPECT_TRUE(std::filesystem::exists(files_.path("keys/my-other")));
  EXPECT_EQ(failureOf(keys, store), "none");
}

TEST_F(ServiceTest, aReloadThatFailsKeepsTheOldState) {
  options_.configFile = files_.configure();
  auto service = Service::start(options_, load());
  ASSERT_TRUE(service) << service.error().message;
  const auto port = (*service)->port();
  const auto store = (*service)->storeDescription();

  files_.configure({}, {}, "no-such-plugin: {}");
  const auto reloaded = (*service)->reload(options_, load());
  ASSERT_FALSE(reloaded);
  EXPECT_THAT(reloaded.error().message, HasSubstr("no-such-plugin"));
  EXPECT_EQ((*service)->storeDescription(), store);

  files_.configure({}, "  auth: on\n  ca: " + files_.path("server.key") + "\n");
  const auto settings = loadSettings(options_);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message,
              HasSubstr("config.yml:8:7: failed to read TLS CA certificates: '" + files_.path("server.key") +
                        "' holds no CA certificate in PEM format"));
  EXPECT_EQ((*service)->port(), port);
  (*service)->stop();
}

TEST_F(ServiceTest, aReloadReplacesTheStoreAndKeepsThePort) {
  options_.configFile = files_.configure();
  auto service = Service::start(options_, load());
  ASSERT_TRUE(service) << service.error().message;
  const auto port = (*service)->port();
  files_.configure({}, {}, "fs: {path: " + files_.path("keys") + "}");
  const auto reloaded = (*service)->reload(options_, load());
  ASSERT_TRUE(reloaded) << reloaded.error().message;
  EXPECT_THAT((*service)->storeDescription(), HasSubstr(files_.path("keys")));
  EXPECT_EQ((*service)->port(), port);
  (*service)->stop();
}

}  // namespace
}  // namespace kes::server
