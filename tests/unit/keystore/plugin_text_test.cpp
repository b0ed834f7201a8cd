#include "keystore/plugin_text.h"

#include <gtest/gtest.h>

namespace kes::keystore {
namespace {

TEST(LogText, escapesWhatWouldBreakALineOrATerminal) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"plain text, é and 鍵", "plain text, é and 鍵"},
      {"a\nb\tc\rd", "a\\nb\\tc\\x0dd"},
      {std::string("nul\0", 4), "nul\\x00"},
      {"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
      {"next\xc2\x85line", "next\\x85line"},
      {"\xc2\xa0", "\xc2\xa0"},
      {"bad \xff\xc3", "bad \uFFFD\uFFFD"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(logText(text), expected);
}

TEST(LogText, cutsBetweenCharactersAndShowsIt) {
  EXPECT_EQ(logText(std::string(1024, 'x')), std::string(1024, 'x'));
  EXPECT_EQ(logText(std::string(1025, 'x')), std::string(1021, 'x') + "…");
  std::string text(1020, 'x');
  text += "ééé";
  EXPECT_EQ(logText(text), std::string(1020, 'x') + "…");
  EXPECT_LE(logText(std::string(100'000, '\n')).size(), 1024u);
}

TEST(ListableName, isShortCleanUtf8) {
  for (const char* name : {"my-key", "a b", "é", "a/b.c"}) EXPECT_TRUE(isListableName(name)) << name;
  for (const char* name : {"", "a\nb", "\x7f", "\xc2\x80", "\xff", "\xed\xa0\x80"}) {
    EXPECT_FALSE(isListableName(name)) << name;
  }
  EXPECT_TRUE(isListableName(std::string(1024, 'x')));
  EXPECT_FALSE(isListableName(std::string(1025, 'x')));
}

TEST(PluginId, isAShortLowerCaseWord) {
  for (const char* id : {"fs", "a", "aws-kms", "s3", "a-"}) EXPECT_TRUE(isPluginId(id)) << id;
  EXPECT_TRUE(isPluginId(std::string(32, 'a')));
  EXPECT_FALSE(isPluginId(std::string(33, 'a')));
  for (const char* id : {"", "-a", "1a", "Fs", "f_s", "f.s", "f/s", "fs\n", "é"})
    EXPECT_FALSE(isPluginId(id)) << id;
}

}  // namespace
}  // namespace kes::keystore
