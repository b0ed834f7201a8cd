#include "policy/pattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "policy/glob.h"
#include "unit/policy/vectors.h"

namespace kes::policy {
namespace {

struct Row {
  std::string pattern;
  std::string path;
  bool allow;
  bool deny;
};

[[nodiscard]] std::vector<Row> truthTable() {
  std::vector<Row> rows;
  for (const auto& line : linesOf("tests/vectors/policy-patterns.txt")) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto cells = split(line, '|');
    if (cells.size() != 4) throw std::runtime_error("not a row of four: " + line);
    rows.push_back(
        {trimmed(cells[0]), trimmed(cells[1]), trimmed(cells[2]) == "yes", trimmed(cells[3]) == "yes"});
  }
  return rows;
}

[[nodiscard]] std::string asCode(const std::string& text) {
  return text.empty() ? "(empty)" : "`" + text + "`";
}

TEST(PolicyPattern, readsPathsAsTheTruthTableSays) {
  const auto rows = truthTable();
  ASSERT_GT(rows.size(), 50U);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pattern + " against " + row.path);
    const Pattern pattern(row.pattern);
    EXPECT_EQ(pattern.allows(row.path), row.allow);
    EXPECT_EQ(pattern.denies(row.path), row.deny);
  }
}

TEST(PolicyPattern, truthTableIsInTheDocumentation) {
  const auto documentation = linesOf("docs/policies.md");
  for (const auto& row : truthTable()) {
    const std::string line = "| " + asCode(row.pattern) + " | " + asCode(row.path) + " | " +
                             (row.allow ? "yes" : "no") + " | " + (row.deny ? "yes" : "no") + " |";
    EXPECT_NE(std::ranges::find(documentation, line), documentation.end())
        << "docs/policies.md lacks: " << line;
  }
}

TEST(PolicyPattern, denyIsNeverNarrowerThanAllow) {
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp): the same cases every time
  constexpr std::string_view kLetters = "ab/*?[]^-\\";
  const auto text = [&] {
    std::string out;
    for (auto n = random() % 7; n > 0; --n) out += kLetters[random() % kLetters.size()];
    return out;
  };
  int allowed = 0;
  for (int round = 0; round < 50'000; ++round) {
    const Pattern pattern(text());
    const std::string path = text();
    if (!pattern.allows(path)) continue;
    ++allowed;
    EXPECT_TRUE(pattern.denies(path)) << pattern.text() << " against " << path;
  }
  EXPECT_GT(allowed, 500);
}

TEST(PolicyPattern, denySeesWhatTheNewestKesSees) {
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same cases every time
  constexpr std::string_view kLetters = "ab/*[\\";
  const auto text = [&](std::size_t longest) {
    std::string out;
    for (auto n = random() % longest; n > 0; --n) out += kLetters[random() % kLetters.size()];
    return out;
  };
  for (int round = 0; round < 20'000; ++round) {
    const std::string stem = text(5);
    EXPECT_EQ(Pattern(stem).denies(stem), !stem.empty()) << stem;
    EXPECT_TRUE(Pattern(stem + "*").denies(stem + text(4))) << stem;
  }
}

// The plain beginning of a glob is compared apart from the rest.
TEST(PolicyPattern, allowsWhatItsGlobMatches) {
  std::mt19937 random(13);  // NOLINT(cert-msc51-cpp): the same cases every time
  constexpr std::string_view kLetters = "aab/*?[]^\\";
  const auto text = [&](std::string start) {
    for (auto n = random() % 7; n > 0; --n) start += kLetters[random() % kLetters.size()];
    return start;
  };
  int allowed = 0;
  for (int round = 0; round < 50'000; ++round) {
    const Pattern pattern(text("a/"));
    const std::string path = text(round % 4 == 0 ? "a" : "a/");
    if (!pattern.isAmbiguous() || pattern.isMalformed()) continue;
    ASSERT_EQ(pattern.allows(path), matchesGlob(pattern.text(), path)) << pattern.text() << " on " << path;
    if (pattern.allows(path)) ++allowed;
  }
  EXPECT_GT(allowed, 200);
}

TEST(PolicyPattern, isAmbiguousWhenTheTwoLinesOfKesReadItDifferently) {
  struct Case {
    std::string text;
    bool ambiguous;
    bool malformed;
  };
  const Case cases[] = {
      {"", false, false},      {"/v1/status", false, false}, {"*", false, false},
      {"/v1/*", false, false}, {"/v1/**", true, false},      {"/v1/*/a", true, false},
      {"/v1/?", true, false},  {"/v1/[ab]", true, false},    {"/v1/\\a", true, false},
      {"/v1/[ab", true, true}, {"/v1/a\\", true, true},      {"/v1/[]*", true, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Pattern(c.text).isAmbiguous(), c.ambiguous);
    EXPECT_EQ(Pattern(c.text).isMalformed(), c.malformed);
    EXPECT_EQ(Pattern(c.text).text(), c.text);
  }
}

}  // namespace
}  // namespace kes::policy
