#include "policy/rights.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
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
