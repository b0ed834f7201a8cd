#include "config/policy_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kes::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(PolicyFile, isReadInEveryFormItIsWrittenIn) {
  for (const char* text :
       {"allow:\n- /a*\n- /b\ndeny:\n- /c\n", "paths: [/a*, /b]\ndeny: [/c]\n",
        R"({"allow":["/a*","/b"],"deny":["/c"]})",
        R"({"allow":{"/a*":{},"/b":{}},"deny":{"/c":{}},"created_at":"x","created_by":"y"})"}) {
    const auto rules = parsePolicy(text, "p.yml");
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_THAT(rules->allow, ElementsAre("/a*", "/b")) << text;
    EXPECT_THAT(rules->deny, ElementsAre("/c")) << text;
  }
}

TEST(PolicyFile, readsEscapedPatternsAndLeavesVariablesAlone) {
  const auto rules = parsePolicy(R"({"allow":{"/v1/\u003cx\u003e":{},"${HOME}":{}}})", "p.json");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_THAT(rules->allow, ElementsAre("/v1/<x>", "${HOME}"));
  EXPECT_THAT(rules->deny, IsEmpty());
}

TEST(PolicyFile, saysWhereItIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"allow:\n- /a\nalow:\n- /b\n", "p:3:1: alow: a policy has no such member; it has allow and deny"},
      {"allow: [/a]\npaths: [/b]\n", "p:2:1: paths: it is the old name of allow; give one of them"},
      {"- /a\n", "p:1:1: expected a mapping, found a list"},
  };
  for (const auto& [text, message] : cases) {
    const auto rules = parsePolicy(text, "p");
    ASSERT_FALSE(rules) << text;
    EXPECT_EQ(rules.error().message, message);
  }
  EXPECT_FALSE(parsePolicy("", "p"));
  EXPECT_FALSE(parsePolicy("{\"allow\":", "p"));
  EXPECT_FALSE(parsePolicy("allow: /a", "p"));
}

}  // namespace
}  // namespace kes::config
