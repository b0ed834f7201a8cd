#include "config/known_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

using testing::IsEmpty;

[[nodiscard]] std::vector<std::string> documentation() {
  std::ifstream in(std::string(KES_SOURCE_DIR) + "/docs/configuration.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

[[nodiscard]] std::string row(const KnownKey& key) {
  const bool isValue = !key.byDefault.empty() && key.byDefault != "required";
  const std::string byDefault = isValue ? "`" + std::string(key.byDefault) + "`"
                                        : std::string(key.byDefault.empty() ? "–" : key.byDefault);
  return "| `" + std::string(key.path) + "` | " + std::string(key.type) + " | " + byDefault + " | " +
         std::string(key.description) + " |";
}

TEST(KnownKeys, areAllInTheDocumentation) {
  const auto lines = documentation();
  for (const auto& key : knownKeys()) {
    EXPECT_NE(std::ranges::find(lines, row(key)), lines.end()) << "docs/configuration.md lacks: " << row(key);
  }
}

TEST(KnownKeys, documentationNamesNoOthers) {
  std::set<std::string> rows;
  for (const auto& key : knownKeys()) rows.insert(row(key));
  for (const auto& line : documentation()) {
    if (line.starts_with("| `") && std::ranges::count(line, '|') == 5) {
      EXPECT_TRUE(rows.contains(line)) << "no such key: " << line;
    }
  }
}

TEST(KnownKeys, areEachThereOnce) {
  std::set<std::string_view> paths;
  for (const auto& key : knownKeys()) EXPECT_TRUE(paths.insert(key.path).second) << key.path;
}

[[nodiscard]] std::vector<std::string> examples() {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const auto& line : documentation()) {
    if (line == "```yaml") blocks.emplace_back();
    inside = line == "```yaml" || (inside && line != "```");
    if (inside && line != "```yaml") blocks.back() += line + "\n";
  }
  return blocks;
}

TEST(KnownKeys, examplesOfTheDocumentationAreValid) {
  const auto anyVariable = [](const std::string& name) -> std::optional<std::string> {
    return "value-of-" + name;
  };
  ASSERT_GE(examples().size(), 7U);
  for (const auto& example : examples()) {
    const auto config = parse(example, "example.yml", anyVariable);
    ASSERT_TRUE(config) << config.error().message << "\n" << example;
    EXPECT_THAT(config->warnings, IsEmpty()) << example;
  }
}

// A file that states the documented defaults means the same as one that leaves them out.
TEST(KnownKeys, defaultsAreWhatTheTableSays) {
  std::string limits = "limits:\n";
  std::string cache = "cache:\n  expiry:\n";
  int stated = 0;
  for (const auto& key : knownKeys()) {
    const std::string name(key.path.substr(key.path.rfind('.') + 1));
    const std::string line = name + ": " + std::string(key.byDefault) + "\n";
    if (key.path.starts_with("limits.")) limits += "  " + line, ++stated;
    if (key.path.starts_with("cache.")) cache += "    " + line, ++stated;
  }
  ASSERT_EQ(stated, 31);
  const Config config =
      parsed(kBase + limits + cache + "address: 0.0.0.0:7373\nlog: {error: INFO, audit: INFO}\n");
  EXPECT_TRUE(config.limits == Limits{});
  EXPECT_EQ(config.cache.any, CacheExpiry{}.any);
  EXPECT_EQ(config.cache.unused, CacheExpiry{}.unused);
  EXPECT_EQ(config.cache.offline, CacheExpiry{}.offline);
  EXPECT_EQ(config.cache.revalidate, CacheExpiry{}.revalidate);
  EXPECT_THAT(config.warnings, IsEmpty());
}

}  // namespace
}  // namespace kes::config
