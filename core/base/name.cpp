#include "base/name.h"

#include <algorithm>

namespace kes::base {
namespace {

bool isNameCharacter(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

}  // namespace

bool isValidName(std::string_view name) noexcept {
  if (name.empty() || name.size() > kMaxNameSize || name == "_") return false;
  if (name.front() == '-' || name.back() == '-') return false;
  return std::ranges::all_of(name, isNameCharacter);
}

bool isValidPattern(std::string_view pattern) noexcept {
  if (pattern.size() > kMaxNameSize || pattern == "_") return false;
  if (pattern.empty() || pattern == "*") return true;
  if (pattern.front() == '-' || pattern.back() == '-') return false;
  if (pattern.back() == '*') pattern.remove_suffix(1);
  return std::ranges::all_of(pattern, isNameCharacter);
}

}  // namespace kes::base
