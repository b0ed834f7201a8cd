#include "policy/policy.h"

#include <algorithm>

namespace kes::policy {

const Pattern* Policy::firstAllowing(std::string_view path) const noexcept {
  const auto it = std::ranges::find_if(allow, [path](const Pattern& p) { return p.allows(path); });
  return it == allow.end() ? nullptr : &*it;
}

const Pattern* Policy::firstDenying(std::string_view path) const noexcept {
  const auto it = std::ranges::find_if(deny, [path](const Pattern& p) { return p.denies(path); });
  return it == deny.end() ? nullptr : &*it;
}

}  // namespace kes::policy
