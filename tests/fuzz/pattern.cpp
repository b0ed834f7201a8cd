// Patterns of policies (policy/pattern.h, policy/glob.h). The input is a pattern, a line break and a path.
#include "policy/pattern.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "fuzz.h"
#include "policy/glob.h"

namespace kes::fuzz {
namespace {

// The definition of a glob by a table: whether the first i bytes of the pattern match the first j of the
// path. Knows no classes, and counts in bytes.
bool matchesByTable(std::string_view pattern, std::string_view path) {
  std::vector<bool> row(path.size() + 1);
  row[0] = true;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    std::vector<bool> next(path.size() + 1);
    const bool star = pattern[i] == '*';
    const bool any = pattern[i] == '?';
    if (pattern[i] == '\\') ++i;
    for (std::size_t j = 0; j <= path.size(); ++j) {
      const bool inSegment = j > 0 && path[j - 1] != '/';
      if (star) {
        next[j] = row[j] || (inSegment && next[j - 1]);
      } else if (j > 0) {
        next[j] = row[j - 1] && (any ? inSegment : path[j - 1] == pattern[i]);
      }
    }
    row = next;
  }
  return row[path.size()];
}

bool isPlain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80 && c != '['; });
}

void check(std::string_view text, std::string_view path) {
  const policy::Pattern pattern{std::string(text)};
  const bool allows = pattern.allows(path);
  require(!allows || pattern.denies(path), "what an allow rule lets through a deny rule refuses");
  require(pattern.text() == text, "the text is kept");
  require(!pattern.isMalformed() || pattern.isAmbiguous(), "a malformed pattern is warned of");
  require(!pattern.isMalformed() || allows == (path == text), "a malformed pattern is literal");
  if (text.find_first_of("*?[\\") == text.npos) {
    require(allows == (!text.empty() && path == text), "plain text is literal");
  }
  if (policy::isWellFormedGlob(text) && isPlain(text) && isPlain(path)) {
    require(policy::matchesGlob(text, path) == matchesByTable(text, path),
            "a glob matches by its definition");
  }
}

// A path whose every byte is escaped is a pattern for itself alone.
void checkEscaped(std::string_view path, std::string_view other) {
  std::string escaped;
  for (const char c : path) (escaped += '\\') += c;
  require(policy::isWellFormedGlob(escaped), "escapes are well-formed");
  require(policy::matchesGlob(escaped, path), "an escaped path matches itself");
  require(policy::matchesGlob(escaped, other) == (path == other), "and nothing else");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = kes::base::textOf({data, size});
  const auto lineBreak = std::min(text.find('\n'), text.size());
  const auto pattern = text.substr(0, lineBreak);
  const auto path = text.substr(std::min(lineBreak + 1, size));
  kes::fuzz::check(pattern, path);
  kes::fuzz::checkEscaped(path, pattern);
  return 0;
}
