#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

[[nodiscard]] std::string withKeyStore(const std::string& keystore) {
  return "admin: {identity: root}\ntls: {key: k, cert: c}\n" + keystore + "\n";
}

TEST(ConfigKeyStore, nestedVendorsAreTheirOwnPlugins) {
  const std::pair<std::string, std::string> cases[] = {
      {"fortanix", "sdkms"},     {"gemalto", "keysecure"}, {"gcp", "secretmanager"},
      {"aws", "secretsmanager"}, {"azure", "keyvault"},    {"entrust", "keycontrol"},
  };
  for (const auto& [vendor, product] : cases) {
    const Config config =
        parsed(withKeyStore("keystore:\n  " + vendor + ":\n    " + product + ":\n      endpoint: e\n"));
    EXPECT_EQ(config.keystore.id, vendor);
    EXPECT_EQ(config.keystore.json, R"({"endpoint":"e"})");
    EXPECT_EQ(config.keystore.locations.find("").text(), "c.yml:5:5");
    EXPECT_EQ(config.keystore.locations.find("/endpoint").text(), "c.yml:6:17");
  }
}

TEST(ConfigKeyStore, anyOtherNameIsAPlugin) {
  for (const std::string id : {"fs", "mem", "vault", "encryptedfs", "credhub", "my-store-2"}) {
    const Config config = parsed(withKeyStore("keystore: {" + id + ": {path: x}}"));
    EXPECT_EQ(config.keystore.id, id);
    EXPECT_EQ(config.keystore.json, R"({"path":"x"})");
  }
}

TEST(ConfigKeyStore, scalarsBecomeStringsAndNullsVanish) {
  const Config config = parsed(withKeyStore("keystore:\n"
                                            "  x:\n"
                                            "    b: 1234\n"
                                            "    a: true\n"
                                            "    quoted: \"1\\n2\"\n"
                                            "    none: ~\n"
                                            "    empty: ''\n"
                                            "    list: [1, ~, {k: '${V}'}, []]\n"
                                            "    nested/odd~key: {}\n"),
                               {{"V", "é\""}});
  EXPECT_EQ(
      config.keystore.json,
      R"({"a":"true","b":"1234","empty":"","list":["1","",{"k":"é\""},[]],"nested/odd~key":{},"quoted":"1\n2"})");
}

TEST(ConfigKeyStore, valuesAreFoundInTheFile) {
  const Config config =
      parsed(withKeyStore("keystore:\n"
                          "  x:\n"
                          "    list: [1, {k: v}]\n"
                          "    odd/key~: 2\n"));
  const auto at = [&](const char* pointer) { return config.keystore.locations.find(pointer).text(); };
  EXPECT_EQ(at(""), "c.yml:4:3");
  EXPECT_EQ(at("/list/0"), "c.yml:5:12");
  EXPECT_EQ(at("/list/1/k"), "c.yml:5:19");
  EXPECT_EQ(at("/odd~1key~0"), "c.yml:6:15");
  EXPECT_EQ(at("/missing"), "c.yml:4:3");
  EXPECT_EQ(at("/list/1/missing"), "c.yml:5:15");
}

TEST(ConfigKeyStore, equalSectionsGiveEqualJson) {
  EXPECT_EQ(parsed(withKeyStore("keystore: {x: {a: 1, b: {c: 2, d: 3}}}")).keystore.json,
            parsed(withKeyStore("keystore:\n  x:\n    b: {d: '3', c: \"2\"}\n    # same\n    a: 1\n"))
                .keystore.json);
}

TEST(ConfigKeyStore, pluginMayNeedNoSettings) {
  for (const std::string keystore : {"keystore: {mem: {}}", "keystore: {mem: }", "keystore:\n  mem:\n"}) {
    const Config config = parsed(withKeyStore(keystore));
    EXPECT_EQ(config.keystore.id, "mem") << keystore;
    EXPECT_EQ(config.keystore.json, "{}");
  }
}

TEST(ConfigKeyStore, emptySectionsCountAsNoneBesideAnother) {
  const Config config =
      parsed(withKeyStore("keystore: {vault: , aws: , gcp: {secretmanager: }, fs: {path: x}}"));
  EXPECT_EQ(config.keystore.id, "fs");
}

TEST(ConfigKeyStore, exactlyOneMustBeThere) {
  const std::string none = "no keystore specified; name one plugin here, such as fs, with its settings";
  const std::pair<std::string, std::string> cases[] = {
      {"keystore:", "c.yml:3:1: keystore: " + none},
      {"keystore: {}", "c.yml:3:1: keystore: " + none},
      {"keystore: {fs: , vault: }", "c.yml:3:1: keystore: " + none},
      {"keystore: fs", "c.yml:3:11: keystore: expected a mapping, found text"},
      {"keystore: {fs: /keys}", "c.yml:3:16: keystore.fs: expected a mapping, found text"},
      {"keystore: {aws: {secretsmanager: [x]}}",
       "c.yml:3:34: keystore.aws.secretsmanager: expected a mapping, found a list"},
      {"keystore:\n  fs: {path: x}\n  vault: {endpoint: x}",
       "c.yml:5:3: keystore.vault: more than one keystore specified, the first on line 4; keep one of them"},
      {"keystore:\n  fs: {path: x}\n  aws: {secretsmanager: {region: x}}",
       "c.yml:5:9: keystore.aws.secretsmanager: more than one keystore specified, the first on line 4; keep "
       "one of "
       "them"},
      {"keystore: {kes: {endpoint: [x]}}",
       "c.yml:3:12: keystore.kes: another KES server cannot be the key store, as in KES since 2023; name the "
       "key "
       "store behind it"},
      {"keystore: {Fs: {path: x}}",
       "c.yml:3:12: keystore.Fs: not the name of a plugin; those have up to 32 of a-z, 0-9 and '-', and "
       "begin with a "
       "letter"},
      {"keystore: {../fs: {path: x}}",
       "c.yml:3:12: keystore.../fs: not the name of a plugin; those have up to 32 of a-z, 0-9 and '-', and "
       "begin with "
       "a letter"},
      {"keystore: {aws: {region: x}}",
       "c.yml:3:12: keystore.aws: no keystore specified: 'secretsmanager' is missing or empty; its settings "
       "belong "
       "below it"},
      {"keystore: {fs: {path: '${NONE}'}}",
       "c.yml:3:23: keystore.fs.path: the environment variable 'NONE' is not set; set it, or write the value "
       "here"},
      {"unseal: {environment: {name: X}}",
       "c.yml:3:1: unseal: this is a file of the stateful KES of 2022 and 2023, which is not supported; "
       "write a "
       "configuration with admin, tls, policy and keystore"},
  };
  for (const auto& [keystore, message] : cases)
    EXPECT_EQ(refusal(withKeyStore(keystore)), message) << keystore;
}

TEST(ConfigKeyStore, deadSectionsBesideAnotherAreWarnedAbout) {
  EXPECT_THAT(
      parsed(withKeyStore("keystore: {kes: {endpoint: [x]}, fs: {path: x}}")).warnings,
      ElementsAre(
          "c.yml:3:12: keystore.kes: another KES server cannot be the key store, as in KES since 2023; "
          "name the key store behind it"));
  EXPECT_THAT(
      parsed(withKeyStore("keystore: {aws: {secretsmanager: {region: x}, kms: {}}}")).warnings,
      ElementsAre("c.yml:3:47: keystore.aws.kms: unknown key, it has no effect; correct or remove it"));
}

// What a plugin reads is the plugin's business: its schema names unknown settings.
TEST(ConfigKeyStore, settingsOfPluginsAreNotJudged) {
  EXPECT_THAT(parsed(withKeyStore("keystore: {vault: {approle: {retry: 5s}, anything: 1}}")).warnings,
              IsEmpty());
}

}  // namespace
}  // namespace kes::config
