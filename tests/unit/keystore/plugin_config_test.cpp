#include "keystore/plugin_config.h"

#include <gmock/gmock.h>

namespace kes::keystore {
namespace {

using testing::HasSubstr;

StoreSettings settingsWith(const std::string& configuration) {
  StoreSettings settings;
  settings.id = "vault";
  settings.configuration = configuration;
  settings.locations.add("", {"kes.yml", 2, 3});
  settings.locations.add("/tls/ca", {"kes.yml", 9, 9});
  return settings;
}

std::string problemOf(const std::string& configuration, const char* schema) {
  const auto config = PluginConfig::parse(settingsWith(configuration), schema);
  return config ? "" : config.error().message;
}

TEST(PluginConfig, findsValuesByPointer) {
  const auto config = PluginConfig::parse(
      settingsWith(R"({"a": {"b/c": [10, {"d~e": "deep"}]}, "": "empty", "zero": null, "two": 2})"), "{}");
  ASSERT_TRUE(config);
  const auto textAt = [&](std::string_view pointer) {
    const auto value = config->find(pointer);
    return value ? value->toString() : "nothing";
  };
  EXPECT_EQ(textAt("/two"), "2");
  EXPECT_EQ(textAt("/a/b~1c/0"), "10");
  EXPECT_EQ(textAt("/a/b~1c/1/d~0e"), "deep");
  EXPECT_EQ(textAt("/"), "empty");
  for (const char* pointer :
       {"/zero", "/three", "two", "/a/b~1c/2", "/a/b~1c/-1", "/a/b~1c/x", "/two/2", "/a//"}) {
    EXPECT_EQ(textAt(pointer), "nothing") << pointer;
  }
}

TEST(PluginConfig, takesNoConfigurationForAnEmptyOne) {
  for (const char* configuration : {"", "null", "{}"}) {
    const auto config = PluginConfig::parse(settingsWith(configuration), R"({"type": "object"})");
    ASSERT_TRUE(config) << configuration;
    EXPECT_EQ(config->text(), "{}");
  }
}

TEST(PluginConfig, blamesTheInnermostValueAndItsLine) {
  constexpr const char* kSchema = R"({"properties": {"tls": {"properties": {"ca": {"type": "string"}}}}})";
  EXPECT_THAT(problemOf(R"({"tls": {"ca": 1}})", kSchema),
              testing::StartsWith("kes.yml:9:9: key store vault: "));
  EXPECT_THAT(problemOf(R"({"tls": {"ca": 1}})", kSchema), HasSubstr("(at /tls/ca)"));
}

TEST(PluginConfig, namesASettingThatThePluginDoesNotHave) {
  EXPECT_EQ(problemOf(R"({"pathh": "x"})", R"({"properties": {"path": {}}, "additionalProperties": false})"),
            "kes.yml:2:3: key store vault: is not a setting of this plugin (at /pathh)");
}

TEST(PluginConfig, readsTheChoicesOfASchema) {
  constexpr const char* kSchema = R"({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]})";
  EXPECT_EQ(problemOf(R"({"a": 1})", kSchema), "");
  EXPECT_THAT(problemOf(R"({})", kSchema), HasSubstr("kes.yml:2:3: key store vault: "));
  EXPECT_THAT(problemOf(R"({"a": 1, "b": 2})", kSchema), HasSubstr("kes.yml:2:3: key store vault: "));
}

TEST(PluginConfig, refusesASchemaThatIsNone) {
  for (const char* schema :
       {"", "[]", "7", "{", R"({"type": 7})", R"({"$ref": "http://example.com/schema"})"}) {
    EXPECT_THAT(problemOf("{}", schema), HasSubstr("key store plugin vault: its configuration schema "))
        << schema;
  }
  const std::string large = R"({"description": ")" + std::string(70'000, 'x') + "\"}";
  EXPECT_THAT(problemOf("{}", large.c_str()), HasSubstr("is larger than 64 KiB"));
}

TEST(ConfigProblem, doesWithoutALocation) {
  StoreSettings settings;
  settings.id = "fs";
  EXPECT_EQ(configProblem(settings, "", "is wrong"), "key store fs: is wrong");
  EXPECT_EQ(configProblem(settings, "/pa\nth", "is wrong"), "key store fs: is wrong (at /pa\\nth)");
}

}  // namespace
}  // namespace kes::keystore
