#include "config/yaml.h"

#include <gtest/gtest.h>

#include <string>

namespace kes::config {
namespace {

[[nodiscard]] NodePtr tree(const std::string& text) {
  auto root = parseYaml(text, "c.yml");
  if (!root) throw std::runtime_error(root.error().message);
  return *root;
}

[[nodiscard]] std::string refusal(const std::string& text) {
  const auto root = parseYaml(text, "c.yml");
  return root ? "(accepted)" : root.error().message;
}

// The text at `key` of the root.
[[nodiscard]] std::string textAt(const std::string& text, const std::string& key) {
  const NodePtr root = tree(text);
  const auto* member = root->find(key);
  return member == nullptr ? "(missing)" : member->value->text;
}

TEST(Yaml, keepsTheTextOfScalars) {
  const std::pair<std::string, std::string> cases[] = {
      {"a: on", "on"},
      {"a: 1234", "1234"},
      {"a: 0x1F", "0x1F"},
      {"a: 1e3", "1e3"},
      {"a: 'quoted'", "quoted"},
      {"a: \"a\\tb\"", "a\tb"},
      {"a: |\n  x\n  y\n", "x\ny\n"},
      {"a: x # comment", "x"},
      {"a: true", "true"},
      {"a: ~", "~"},
      {"a: null", "null"},
      {"a:", ""},
      {"a:\nnull: x", ""},
      {"a: ünïcode", "ünïcode"},
      {"\xEF\xBB\xBF"
       "a: bom",
       "bom"},
      {"a: crlf\r\nb: x\r\n", "crlf"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(textAt(text, "a"), expected) << text;
}

TEST(Yaml, marksPlacesInCharacters) {
  const NodePtr root = tree("first: 1\nlist:\n- a\n- {ü: b, c: d}\n");
  const auto& list = root->find("list")->value;
  EXPECT_EQ(root->find("list")->mark.line, 2);
  EXPECT_EQ(root->find("list")->mark.column, 1);
  EXPECT_EQ(list->items[0]->mark.line, 3);
  EXPECT_EQ(list->items[0]->mark.column, 3);
  EXPECT_EQ(list->items[1]->find("c")->mark.line, 4);
  EXPECT_EQ(list->items[1]->find("c")->mark.column, 10);
  EXPECT_EQ(list->items[1]->find("c")->value->mark.column, 13);
}

TEST(Yaml, readsTheFirstDocumentOnly) {
  const NodePtr root = tree("---\na: 1\n---\nb: 2\nb: 3\n");
  EXPECT_NE(root->find("a"), nullptr);
  EXPECT_EQ(root->members.size(), 1U);
}

TEST(Yaml, resolvesAliasesAndMergeKeys) {
  const std::string text =
      "base: &base {x: 1, y: 2}\n"
      "other: &other {y: 3, z: 4}\n"
      "same: *base\n"
      "one: {<<: *base, x: 9}\n"
      "two: {<<: [*base, *other]}\n"
      "quoted: {'<<': 1}\n";
  const NodePtr root = tree(text);
  EXPECT_EQ(root->find("same")->value, root->find("base")->value);
  const auto at = [&](const char* section, const char* key) {
    const auto* member = root->find(section)->value->find(key);
    return member == nullptr ? "(missing)" : member->value->text;
  };
  EXPECT_EQ(at("one", "x"), "9");
  EXPECT_EQ(at("one", "y"), "2");
  EXPECT_EQ(at("two", "x"), "1");
  EXPECT_EQ(at("two", "y"), "2");
  EXPECT_EQ(at("two", "z"), "4");
  EXPECT_EQ(at("two", "<<"), "(missing)");
  EXPECT_EQ(at("quoted", "<<"), "1");
}

TEST(Yaml, refusesWithThePlace) {
  struct Case {
    std::string text;
    std::string message;
  };
  const std::string empty = "c.yml:1:1: the file is empty; it needs at least admin, tls and keystore";
  const std::string twice = "the key is given twice, first on line ";
  const Case cases[] = {
      {"", empty},
      {"# only a comment\n", empty},
      {"---\n", empty},
      {"~", empty},
      {"a: 1\nb: 2\na: 3\n", "c.yml:3:1: a: " + twice + "1; keep one of them"},
      {"s:\n  k: 1\n  k: 2\n", "c.yml:3:3: s.k: " + twice + "2; keep one of them"},
      {"s: [{k: 1, k: 2}]\n", "c.yml:1:12: s[0].k: " + twice + "1; keep one of them"},
      {"a: 1\n'a': 2\n", "c.yml:2:1: a: " + twice + "1; keep one of them"},
      {"? [a]\n: b\n", "c.yml:1:3: a key must be text, not a list or a mapping"},
      {"s: {? {a: b} : c}\n", "c.yml:1:7: s: a key must be text, not a list or a mapping"},
      {"s: &s [1]\n*s : 1\n", "c.yml:2:1: a key must be text, not a list or a mapping"},
      {"a: b: c\n", "c.yml:1:5: not valid YAML: illegal map value; check indentation and quotes here"},
      {"a: [1\n",
       "c.yml:2:1: not valid YAML: end of sequence flow not found; check indentation and quotes here"},
      {"a: *b\n",
       "c.yml:1:4: not valid YAML: the referenced anchor is not defined; check indentation and quotes here"},
      {"a: &x [*x]\n", "c.yml:1:8: a[0]: the alias stands inside what it stands for; write the value out"},
      {"a: {<<: 1}\n", "c.yml:1:5: a: '<<' takes a mapping or a list of mappings"},
      {"a: {<<: [1]}\n", "c.yml:1:5: a: '<<' takes a mapping or a list of mappings"},
      {"a: 1\nb: x\x04y\n", "c.yml:2:5: the file has a control character here; take it out"},
      {std::string("a: \0", 4), "c.yml:1:4: the file has a control character here; take it out"},
      {"a: \"\\0\"\n", "c.yml:1:4: a: the text has a NUL character; take it out"},
      {"a: 1\nü: \xFF\n", "c.yml:2:4: the file is not UTF-8 here; save it as UTF-8"},
      {"\xFF\xFE"
       "a",
       "c.yml:1:1: the file is not UTF-8 here; save it as UTF-8"},
  };
  for (const auto& c : cases) EXPECT_EQ(refusal(c.text), c.message) << c.text;
}

TEST(Yaml, boundsDepth) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal(nested(64)), "(accepted)");
  EXPECT_EQ(refusal("a: " + nested(64)).substr(0, 11), "c.yml:1:67:");
  EXPECT_NE(refusal("a: " + nested(64)).find("nested more than 64 deep"), std::string::npos);
  EXPECT_NE(refusal(nested(100'000)).find("nested more than 64 deep"), std::string::npos);
  // Aliases bring the depth of what they stand for.
  const std::string deep =
      "a: &a " + nested(40) + "\nb: " + std::string(30, '[') + "*a" + std::string(30, ']');
  EXPECT_NE(refusal(deep).find("nested more than 64 deep"), std::string::npos);
}

TEST(Yaml, boundsTheNumberOfValuesThroughAliases) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [" + before;
    for (int n = 0; n < 9; ++n) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(refusal(bomb).find("more than 100,000 values"), std::string::npos);

  std::string merges = "m0: &m0 {a: [x, x, x, x], b: [x, x, x, x]}\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*m" + std::to_string(i - 1);
    const std::string name = "m" + std::to_string(i);
    merges += name + ": &" + name + " {<<: " + before + ", c" + name + ": " + before + ", d" + name + ": " +
              before + "}\n";
  }
  EXPECT_NE(refusal(merges).find("more than 100,000 values"), std::string::npos);
}

TEST(Yaml, countsWhatItHolds) {
  const NodePtr root = tree("a: &a [1, 2]\nb: *a\n");
  EXPECT_EQ(root->size, 7U);
  EXPECT_EQ(root->height, 3U);
}

}  // namespace
}  // namespace kes::config
