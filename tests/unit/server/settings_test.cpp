#include "server/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "server_files.h"

namespace kes::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SettingsTest : public testing::Test {
 protected:
  // The options of `kes server --config <file>`.
  RunOptions options(std::string_view more = {}, std::string_view tls = {}) {
    RunOptions made;
    made.configFile = files_.configure(more, tls);
    return made;
  }

  static std::string failureOf(const RunOptions& options) {
    const auto settings = loadSettings(options);
    return settings ? "none" : settings.error().message;
  }

  ServerFiles files_;
};

TEST_F(SettingsTest, comeFromTheFile) {
  const auto settings = loadSettings(options());
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->address.host, "127.0.0.1");
  EXPECT_EQ(settings->address.port, 0);
  EXPECT_NE(settings->tls.pair.key, nullptr);
  EXPECT_EQ(settings->config.tls.clientAuth, config::ClientAuth::off);
  EXPECT_THAT(settings->warnings, IsEmpty());
  EXPECT_EQ(settings->apiKey, "");
}

TEST_F(SettingsTest, commandLineBeatsTheFileAndSaysSo) {
  files_.makeKeyPair("other", true);
  auto given = options();
  given.address = "127.0.0.2:7374";
  given.keyFile = files_.path("other.key");
  given.certificateFile = files_.path("other.crt");
  given.clientAuth = "ON";
  const auto settings = loadSettings(given);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->address.host, "127.0.0.2");
  EXPECT_EQ(settings->address.port, 7374);
  EXPECT_EQ(settings->config.tls.clientAuth, config::ClientAuth::on);
  EXPECT_EQ(settings->config.tls.certificateFile, files_.path("other.crt"));
  EXPECT_THAT(
      settings->warnings,
      ElementsAre(HasSubstr("--addr overrides 'address'"), HasSubstr("--key overrides 'tls.key'"),
                  HasSubstr("--cert overrides 'tls.cert'"), HasSubstr("--auth overrides 'tls.auth'")));
}

TEST_F(SettingsTest, authOffNeverLoosensTheFile) {
  auto given = options({}, "  auth: on\n");
  given.clientAuth = "off";
  EXPECT_THAT(failureOf(given), HasSubstr("--auth off would loosen the 'tls.auth'"));

  given = options();
  given.clientAuth = "off";
  EXPECT_EQ(failureOf(given), "none");
}

TEST_F(SettingsTest, authTakesNothingElse) {
  auto given = options();
  given.clientAuth = "maybe";
  EXPECT_THAT(failureOf(given), HasSubstr("--auth: invalid value 'maybe'"));
}

TEST_F(SettingsTest, aServerNeedsAConfigurationOrDev) {
  EXPECT_THAT(failureOf({}), HasSubstr("--config <file>"));
  auto both = options();
  both.dev = true;
  EXPECT_THAT(failureOf(both), HasSubstr("--dev and --config exclude each other"));
}

TEST_F(SettingsTest, developmentListensOnLoopbackWithAnAdminOfItsOwn) {
  RunOptions dev;
  dev.dev = true;
  const auto settings = loadSettings(dev);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->address.host, "127.0.0.1");
  EXPECT_EQ(settings->address.port, 7373);
  EXPECT_THAT(settings->apiKey, testing::StartsWith("kes:v1:"));
  EXPECT_EQ(settings->config.admin.size(), 64U);
  EXPECT_EQ(settings->config.keystore.id, "mem");
  EXPECT_TRUE(crypto::hasSubjectAlternativeName(settings->tls.pair.certificate.get()));
}

TEST_F(SettingsTest, certificateTroubleNamesTheFile) {
  files_.makeKeyPair("nameless", false);
  auto given = options();
  given.keyFile = files_.path("nameless.key");
  given.certificateFile = files_.path("nameless.crt");
  EXPECT_THAT(failureOf(given), HasSubstr("nameless.crt' has no subject alternative name"));

  given.certificateFile = files_.path("missing.crt");
  EXPECT_THAT(failureOf(given), HasSubstr("missing.crt"));
}

TEST_F(SettingsTest, patternsThatReleasesReadDifferentlyAreNamed) {
  const auto settings = loadSettings(options(
      "policy:\n  app:\n    allow: [/v1/key/*/x, \"/v1/key/[\", /v1/key/create/*]\n    identities: []\n"));
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_THAT(settings->warnings, ElementsAre(HasSubstr("'/v1/key/*/x' is read differently"),
                                              HasSubstr("'/v1/key/[' is not a valid glob")));
}

TEST_F(SettingsTest, aBadAddressIsRefused) {
  auto given = options();
  given.address = "localhost";
  EXPECT_NE(failureOf(given), "none");
}

TEST_F(SettingsTest, pluginsAreLookedForInTheDocumentedOrder) {
  RunOptions given;
  given.pluginDirs = {"/first"};
  config::Config config;
  config.plugin.dir = "/fourth";
  ::setenv("KES_PLUGIN_PATH", "/second::/third", 1);
  const auto path = pluginSearchPath(given, config);
  ::unsetenv("KES_PLUGIN_PATH");
  ASSERT_GE(path.size(), 6U);
  EXPECT_THAT(std::vector(path.begin(), path.begin() + 4),
              ElementsAre("/first", "/second", "/third", "/fourth"));
  EXPECT_THAT(path.back(), testing::EndsWith("/lib/kes/plugins"));
}

}  // namespace
}  // namespace kes::server
