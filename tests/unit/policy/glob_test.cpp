#include "policy/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "unit/policy/vectors.h"

namespace kes::policy {
namespace {

[[nodiscard]] std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

TEST(Glob, answersAsGoPathMatchDoes) {
  int cases = 0;
  for (const auto& line : linesOf("tests/vectors/path-match.txt")) {
    SCOPED_TRACE(line);
    const auto fields = split(line, '\t');
    ASSERT_EQ(fields.size(), 3U);
    const std::string pattern = unescaped(fields[0]);
    EXPECT_EQ(isWellFormedGlob(pattern), fields[2] != "bad");
    if (fields[2] != "bad") {
      EXPECT_EQ(matchesGlob(pattern, unescaped(fields[1])), fields[2] == "true");
    }
    ++cases;
  }
  EXPECT_GT(cases, 500);
}

// The definition of a glob, word for word, and without regard to time. It knows one class, "[ab]".
[[nodiscard]] bool naive(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.front() == '*') {
    for (std::size_t taken = 0;; ++taken) {
      if (naive(pattern.substr(1), path.substr(taken))) return true;
      if (taken == path.size() || path[taken] == '/') return false;
    }
  }
  if (path.empty()) return false;
  if (pattern.starts_with("[ab]")) {
    return (path.front() == 'a' || path.front() == 'b') && naive(pattern.substr(4), path.substr(1));
  }
  if (pattern.front() == '?') return path.front() != '/' && naive(pattern.substr(1), path.substr(1));
  if (pattern.front() == '\\') pattern.remove_prefix(1);
  return pattern.front() == path.front() && naive(pattern.substr(1), path.substr(1));
}

TEST(Glob, agreesWithItsDefinitionOnRandomInput) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same cases every time
  constexpr std::string_view kPieces[] = {"a", "b", "c", "/", "*", "*", "?", "[ab]", "\\*", "\\a"};
  constexpr std::string_view kLetters = "aabbc/*";
  int matches = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string pattern;
    std::string path;
    for (auto n = random() % 8; n > 0; --n) pattern += kPieces[random() % std::size(kPieces)];
    for (auto n = random() % 8; n > 0; --n) path += kLetters[random() % kLetters.size()];
    const bool expected = naive(pattern, path);
    ASSERT_TRUE(isWellFormedGlob(pattern)) << pattern;
    ASSERT_EQ(matchesGlob(pattern, path), expected) << pattern << " against " << path;
    if (expected) ++matches;
  }
  EXPECT_GT(matches, 500);
}

TEST(Glob, malformedPatternsMatchNothingWhateverTheBytes) {
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp): the same cases every time
  constexpr std::string_view kSpecial = "*?[]^-\\/";
  const auto text = [&] {
    std::string out;
    for (auto n = random() % 12; n > 0; --n) {
      out += random() % 4 != 0 ? kSpecial[random() % kSpecial.size()] : static_cast<char>(random());
    }
    return out;
  };
  int malformed = 0;
  for (int round = 0; round < 50'000; ++round) {
    const std::string pattern = text();
    const std::string path = text();
    if (isWellFormedGlob(pattern)) continue;
    ++malformed;
    EXPECT_FALSE(matchesGlob(pattern, path)) << pattern << " against " << path;
  }
  EXPECT_GT(malformed, 10'000);
}

TEST(Glob, takesBoundedTimeWhateverThePattern) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  pattern += "b";
  const std::string path(4'000, 'a');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(matchesGlob(pattern, path));
  // Backtracking would take longer than the universe has existed.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace kes::policy
