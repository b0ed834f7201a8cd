#include "policy/pattern.h"

#include <utility>

#include "policy/glob.h"

namespace kes::policy {
namespace {

// How KES since the end of 2023 reads every pattern: a '*' at the end makes a prefix, nothing else is
// special.
[[nodiscard]] bool matchesAsNewestKes(std::string_view pattern, std::string_view path) noexcept {
  if (pattern.empty()) return false;
  if (pattern.back() != '*') return path == pattern;
  pattern.remove_suffix(1);
  return path.starts_with(pattern);
}

}  // namespace

Pattern::Pattern(std::string text) : text_(std::move(text)), kind_(Kind::literal) {
  const auto special = text_.find_first_of("*?[\\");
  if (text_.empty()) {
    kind_ = Kind::empty;
  } else if (special == std::string::npos) {
    kind_ = Kind::literal;
  } else if (special + 1 == text_.size() && text_.back() == '*') {
    kind_ = Kind::prefix;
  } else {
    kind_ = isWellFormedGlob(text_) ? Kind::glob : Kind::malformed;
    plain_ = special;
  }
}

bool Pattern::allows(std::string_view path) const noexcept {
  const std::string_view text = text_;
  switch (kind_) {
    case Kind::empty:
      return false;
    case Kind::prefix:
      return path.starts_with(text.substr(0, text.size() - 1));
    case Kind::glob:
      return path.starts_with(text.substr(0, plain_)) &&
             matchesGlob(text.substr(plain_), path.substr(plain_));
    case Kind::literal:
    case Kind::malformed:
      return path == text;
  }
  return false;
}

bool Pattern::denies(std::string_view path) const noexcept {
  return allows(path) || matchesAsNewestKes(text_, path);
}

}  // namespace kes::policy
