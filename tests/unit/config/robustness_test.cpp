#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

constexpr auto kSeed = R"(version: v1
address: "[::1]:7373"
admin: {identity: "${A}"}
tls:
  key: k
  cert: c
  auth: on
  proxy: {identities: [p, "${B}"], header: {cert: X}}
api: {/v1/ready: {skip_auth: true, timeout: 15s}}
policy:
  storage: &s
    allow: [/v1/key/create/*, /v1/status]
    deny: &d
    - /v1/key/*/x
    identities: [a, b]
  other: {<<: *s, deny: *d, identities: []}
cache: {expiry: {any: 5m0s, unused: 30s, offline: 0}}
keys: [{name: one}, {name: two}]
log: {error: INFO+1, audit: off, format: json}
limits: {streams: 12, body_total: 1GB}
plugin: {dir: d}
keystore:
  vault:
    text: |
      several
      lines
    list: [1, ~, {k: "v\n"}]
)";

const Variables kVariables = {{"A", "root"}, {"B", "proxy"}};

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  [[nodiscard]] std::string mutate(std::string text) {
    for (auto n = 1 + pick(4); n > 0; --n) mutateOnce(text);
    return text;
  }

 private:
  [[nodiscard]] std::size_t pick(std::size_t bound) { return random_() % bound; }

  void mutateOnce(std::string& text) {
    static const std::vector<std::string> kPieces = {
        "[",    "]",  "{",     "}",     ": ",    "- ",          "? ",   "&a ",      "*a",   "*s",   "<<: ",
        "\"",   "'",  "|\n",   ">\n",   "#",     "\n",          "\n  ", "\t",       "~",    "null", "!!str ",
        "${A}", "${", "\\x00", "---\n", "...\n", "%YAML 9.9\n", "-1s",  "\xC3\xA9", "\xFF", "\x04"};
    if (text.empty()) text = "a";
    const std::size_t at = pick(text.size());
    switch (pick(5)) {
      case 0:
        text[at] = static_cast<char>(random_());
        break;
      case 1:
        text.insert(at, kPieces[pick(kPieces.size())]);
        break;
      case 2:
        text.erase(at, 1 + pick(8));
        break;
      case 3:
        text.insert(at, text.substr(pick(text.size()), pick(40)));
        break;
      default:
        text.resize(at);
        break;
    }
  }

  std::mt19937 random_;
};

// Whatever the bytes: a configuration, or one line that begins with a place in the file.
TEST(ConfigRobustness, mutatedFilesAreReadOrRefused) {
  ASSERT_TRUE(parse(kSeed, "c.yml", environmentOf(kVariables)));
  Mutator mutator(2026);
  int accepted = 0;
  int refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    const std::string text = mutator.mutate(kSeed);
    const auto config = parse(text, "c.yml", environmentOf(kVariables));
    if (config) {
      ++accepted;
      EXPECT_FALSE(config->admin.empty()) << text;
      EXPECT_FALSE(config->keystore.id.empty()) << text;
      continue;
    }
    ++refused;
    const std::string& message = config.error().message;
    EXPECT_TRUE(message.starts_with("c.yml:")) << message;
    EXPECT_TRUE(message.size() > 6 && message[6] >= '1' && message[6] <= '9') << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_GT(accepted, 200);
  EXPECT_GT(refused, 200);
}

TEST(ConfigRobustness, hugeNestingIsRefusedQuickly) {
  for (const std::string piece : {"[", "{", "- ", "? ", "{a: ", "&a ", "!a ", "\"", "'"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    EXPECT_FALSE(parse(text, "c.yml", environmentOf({}))) << piece;
  }
}

}  // namespace
}  // namespace kes::config
