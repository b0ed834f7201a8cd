#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

using testing::ElementsAre;

[[nodiscard]] std::string withPassword(const std::string& password) {
  return "admin: {identity: root}\ntls:\n  key: k\n  cert: c\n  password: " + password +
         "\nkeystore: {mem: {}}\n";
}

TEST(ConfigEnvironment, wholeScalarsAreReplaced) {
  const Variables variables = {
      {"NAME", "secret"}, {"A}-${B", "odd"}, {"EMPTY", ""}, {"NESTED", "${NAME}"}, {"PAD", " x "}};
  const std::pair<std::string, std::string> cases[] = {
      {"${NAME}", "secret"}, {"' ${NAME} '", "secret"}, {"\"${ NAME }\"", "secret"},
      {"${EMPTY}", ""},      {"${NESTED}", "${NAME}"},  {"${PAD}", " x "},
      {"${A}-${B}", "odd"},  {"x${NAME}", "x${NAME}"},  {"${NAME}x", "${NAME}x"},
      {"$NAME", "$NAME"},    {"'${NAME'", "${NAME"},    {"' padded '", " padded "},
  };
  for (const auto& [text, value] : cases) {
    EXPECT_EQ(parsed(withPassword(text), variables).tls.password, value) << text;
  }
}

TEST(ConfigEnvironment, missingVariablesAreErrors) {
  const std::pair<std::string, std::string> cases[] = {
      {"${NAME}", "NAME"},
      {"${X:-y}", "X:-y"},
      {"${A}-${B}", "A}-${B"},
      {"${}", ""},
  };
  for (const auto& [text, name] : cases) {
    EXPECT_EQ(refusal(withPassword(text)), "c.yml:5:13: tls.password: the environment variable '" + name +
                                               "' is not set; set it, or write the value here");
  }
}

TEST(ConfigEnvironment, emptyVariablesAreNotGiven) {
  EXPECT_EQ(refusal("admin: {identity: \"${A}\"}\n", {{"A", ""}}),
            "c.yml:1:19: admin.identity: invalid admin identity: none given; write an identity, or "
            "'disabled' for no "
            "admin");
}

TEST(ConfigEnvironment, valuesFromItAreReadLikeOthers) {
  const Config config = parsed(kBase +
                                   "address: ${ADDRESS}\n"
                                   "api: {/v1/ready: {skip_auth: \"${YES}\", timeout: \"${LONG}\"}}\n"
                                   "cache: {expiry: {any: \"${LONG}\"}}\n"
                                   "limits: {streams: \"${MANY}\"}\n"
                                   "policy: {p: {identities: [\"${WHO}\"]}}\n"
                                   "log: {audit: \"${LEVEL}\"}\n",
                               {{"ADDRESS", "127.0.0.1:1"},
                                {"YES", "true"},
                                {"LONG", "1h"},
                                {"MANY", "7"},
                                {"WHO", "a-b"},
                                {"LEVEL", "off"}});
  EXPECT_EQ(config.address, "127.0.0.1:1");
  EXPECT_TRUE(config.api.at("/v1/ready").skipAuth);
  EXPECT_EQ(config.cache.any, std::chrono::hours(1));
  EXPECT_EQ(config.limits.streams, 7U);
  EXPECT_THAT(config.policies[0].identities, ElementsAre("a-b"));
  EXPECT_EQ(config.log.audit, 9);
}

// One variable is one entry, whatever it holds.
TEST(ConfigEnvironment, listsAreNotSplit) {
  EXPECT_EQ(refusal(kBase + "policy: {p: {identities: [\"${WHO}\"]}}\n", {{"WHO", "a,b"}}),
            "c.yml:9:27: policy.p.identities[0]: identity '${WHO}' as set in the environment is empty, too "
            "long or contains "
            "invalid "
            "characters; write what 'kes identity of' prints for the certificate");
}

TEST(ConfigEnvironment, keysAndPatternsAreLeftAlone) {
  const Config config = parsed(kBase + "policy: {p: {allow: ['${A}'], deny: ['${B}']}}\n");
  EXPECT_THAT(config.policies[0].allow, ElementsAre("${A}"));
  EXPECT_THAT(config.policies[0].deny, ElementsAre("${B}"));
}

// A mix-up of two variables must not print a password.
TEST(ConfigEnvironment, valuesFromItAreNeverShown) {
  const Variables variables = {{"SECRET", "hunter2 hunter2"}};
  const std::string places[] = {
      "address: ${SECRET}",
      "log: {error: \"${SECRET}\"}",
      "log: {format: \"${SECRET}\"}",
      "api: {/v1/ready: {timeout: \"${SECRET}\"}}",
      "api: {/v1/ready: {skip_auth: \"${SECRET}\"}}",
      "cache: {expiry: {any: \"${SECRET}\"}}",
      "limits: {streams: \"${SECRET}\"}",
      "keys: [{name: \"${SECRET}\"}]",
      "policy: {p: {identities: [\"${SECRET}\"]}}",
      "plugin: {sha256: \"${SECRET}\"}",
  };
  for (const auto& place : places) {
    const std::string message = refusal(kBase + place + "\n", variables);
    EXPECT_NE(message.find("'${SECRET}' as set in the environment"), std::string::npos) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
  }
}

TEST(ConfigEnvironment, isUtf8) {
  EXPECT_EQ(refusal(withPassword("${BAD}"), {{"BAD", "\xFF"}}),
            "c.yml:5:13: tls.password: the environment variable 'BAD' is not UTF-8");
}

TEST(ConfigEnvironment, ofTheProcessIsRead) {
  const Environment environment = processEnvironment();
  ASSERT_EQ(setenv("KES_CONFIG_TEST_VARIABLE", "value", 1), 0);
  EXPECT_EQ(environment("KES_CONFIG_TEST_VARIABLE"), "value");
  ASSERT_EQ(unsetenv("KES_CONFIG_TEST_VARIABLE"), 0);
  EXPECT_EQ(environment("KES_CONFIG_TEST_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace kes::config
