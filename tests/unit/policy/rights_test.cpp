#include "policy/rights.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace kes::policy {
namespace {

// Patterns with a space between them.
std::vector<Pattern> patterns(const std::string& texts) {
  std::istringstream in(texts);
  std::vector<Pattern> compiled;
  for (std::string text; in >> text;) compiled.emplace_back(text);
  return compiled;
}

Policy policy(const std::string& allow, const std::string& deny, bool atRunTime = false) {
  Policy made{"p", patterns(allow), patterns(deny), {}};
  if (atRunTime) made.written = Creation{};
  return made;
}

struct Case {
  std::string allow, deny;          // granted
  std::string heldAllow, heldDeny;  // by the author
  std::string beyond;               // empty for nothing
};

TEST(Rights, areWithinOthersOnlyWhereThatCanBeShown) {
  const Case cases[] = {
      // within one pattern
      {"", "", "", "", ""},
      {"/a", "", "/a", "", ""},
      {"/a", "", "/*", "", ""},
      {"/a*", "", "/a*", "", ""},
      {"/ab*", "", "/b /a*", "", ""},
      {"/a*", "", "/ab*", "", "/a*"},
      {"/a*", "", "/a", "", "/a*"},
      {"/a", "", "", "", "/a"},
      {"*", "", "/*", "", "*"},
      {"/a /b", "", "/a", "", "/b"},
      // globs: the same text, a prefix of everything they match, or a plain path they match
      {"/k/*/x", "", "/k/*/x", "", ""},
      {"/k/*/x", "", "/k/*", "", ""},
      {"/k/*/x", "", "/k/a*", "", "/k/*/x"},
      {"/k/a/x", "", "/k/*/x", "", ""},
      {"/k/a/b/x", "", "/k/*/x", "", "/k/a/b/x"},
      {"/k/?", "", "/k/[ab]", "", "/k/?"},
      {"/k/[a", "", "/k/*", "", ""},
      // what the author is denied
      {"/a*", "", "*", "/b*", ""},
      {"/a*", "", "*", "/ab", "/a*"},
      {"/a*", "/ab", "*", "/ab", ""},
      {"/a*", "/a*", "*", "/ab", ""},
      {"/a*", "/ab", "*", "/ab*", "/a*"},
      {"/ab", "", "*", "/a*", "/ab"},
      {"/ac", "", "*", "/ab*", ""},
      {"/k/*", "", "*", "/k/*/x", "/k/*"},
      {"/k/*", "/k/*/x", "*", "/k/*/x", ""},
      {"/k/*/x", "", "*", "/k/a/x", "/k/*/x"},
      {"/k/*/y", "", "*", "/k/a/x", ""},
      // a malformed deny pattern refuses more than its own text
      {"/k/[ab", "", "*", "/k/[a*", "/k/[ab"},
      // what is denied again is not granted
      {"/a", "/*", "", "", ""},
      // routes that change policies lie only within patterns that name them
      {"/v1/policy/write/x", "", "/v1/*", "", "/v1/policy/write/x"},
      {"/v1/policy/write/x", "", "/v1/policy/write/*", "", ""},
      {"/v1/policy/write/*", "", "/v1/policy/write/x", "", "/v1/policy/write/*"},
      {"/v1/policy/*", "", "/v1/*", "", ""},
  };
  for (const Case& c : cases) {
    const Policy granted = policy(c.allow, c.deny);
    const Pattern* beyond = firstBeyond(granted, policy(c.heldAllow, c.heldDeny));
    EXPECT_EQ(beyond == nullptr ? "" : beyond->text(), c.beyond)
        << c.allow << " but " << c.deny << " within " << c.heldAllow << " but " << c.heldDeny;
  }
}

// Whatever the patterns: what a policy within another lets through, the other does too. Seeded, so that a
// failure comes again.
TEST(Rights, withinOthersLetNothingThroughThatTheseDoNot) {
  std::mt19937 random(7);
  const auto textOf = [&](std::string_view alphabet, std::size_t length) {
    std::string text;
    while (text.size() < length) text += alphabet[random() % alphabet.size()];
    return text;
  };
  const auto randomPolicy = [&] {
    Policy made{"p", {}, {}, {}};
    for (auto n = random() % 3; n > 0; --n) made.allow.emplace_back(textOf("ab/a***?[]\\^-", random() % 5));
    for (auto n = random() % 3; n > 0; --n) made.deny.emplace_back(textOf("ab/a***?[]\\^-", random() % 5));
    return made;
  };
  const auto opens = [](const Policy& policy, const std::string& path) {
    return policy.firstDenying(path) == nullptr && policy.firstAllowing(path) != nullptr;
  };
  unsigned opened = 0;
  for (unsigned i = 0; i < 50'000; ++i) {
    const Policy granted = randomPolicy();
    const Policy held = randomPolicy();
    if (firstBeyond(granted, held) != nullptr) continue;
    for (unsigned j = 0; j < 20; ++j) {
      const std::string path = textOf("ab/a*[\\", random() % 5);
      if (!opens(granted, path)) continue;
      ++opened;
      ASSERT_TRUE(opens(held, path)) << path << " with '" << granted.allow.front().text() << "' in step "
                                     << i;
    }
  }
  EXPECT_GT(opened, 1000U);
}

TEST(Rights, ofAPolicyWrittenAtRunTimeHoldNoRouteThatChangesPolicies) {
  const std::string write = "/v1/policy/write/*";
  EXPECT_NE(firstBeyond(policy(write, ""), policy(write, "", true)), nullptr);
  EXPECT_EQ(firstBeyond(policy("/v1/key/*", ""), policy("/v1/*", "", true)), nullptr);
}

TEST(Rights, anEmptyPatternIsNone) {
  Policy granted = policy("", "");
  granted.allow.emplace_back("");
  EXPECT_EQ(firstBeyond(granted, policy("", "")), nullptr);
  EXPECT_EQ(firstBeyond(granted, policy("", "*")), nullptr);
}

}  // namespace
}  // namespace kes::policy
