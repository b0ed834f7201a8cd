#include "policy/rights.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "policy/route_rules.h"

namespace kes::policy {
namespace {

// What every path that a pattern matches, in whichever reading, begins with: the text before the first
// special character.
std::string_view headOf(const Pattern& pattern) {
  const std::string_view text = pattern.text();
  return text.substr(0, text.find_first_of("*?[\\"));
}

bool hasSpecial(const Pattern& pattern) {
  return headOf(pattern).size() != pattern.text().size();
}

bool isPrefix(const Pattern& pattern) {
  return hasSpecial(pattern) && !pattern.isAmbiguous();
}

// Whether `outer` allows all that `inner` allows.
bool allowsAllOf(const Pattern& outer, const Pattern& inner) {
  if (inner.text().empty() || outer.text() == inner.text()) return true;
  if (!hasSpecial(inner)) return outer.allows(inner.text());
  return isPrefix(outer) && headOf(inner).starts_with(headOf(outer));
}

// Whether `outer` denies all that `inner` allows or denies.
bool deniesAllOf(const Pattern& outer, const Pattern& inner) {
  if (inner.text().empty() || outer.text() == inner.text()) return true;
  if (!hasSpecial(inner)) return outer.denies(inner.text());
  return isPrefix(outer) && headOf(inner).starts_with(headOf(outer));
}

// Whether no path that `allow` lets through is one that `deny` refuses.
bool haveNothingInCommon(const Pattern& allow, const Pattern& deny) {
  if (!hasSpecial(allow)) return !deny.denies(allow.text());
  if (!hasSpecial(deny)) return !allow.allows(deny.text());
  const std::string_view a = headOf(allow);
  const std::string_view d = headOf(deny);
  return !a.starts_with(d) && !d.starts_with(a);
}

bool isDenied(const Policy& policy, const Pattern& pattern) {
  return std::ranges::any_of(policy.deny, [&](const Pattern& deny) { return deniesAllOf(deny, pattern); });
}

bool isAllowed(const Policy& policy, const Pattern& pattern) {
  const std::string_view route = changeRouteOf(pattern.text());
  if (!route.empty() && policy.written) return false;
  return std::ranges::any_of(policy.allow, [&](const Pattern& allow) {
    return allowsAllOf(allow, pattern) && (route.empty() || allow.text().starts_with(route));
  });
}

}  // namespace

const Pattern* firstBeyond(const Policy& granted, const Policy& held) {
  std::vector<const Pattern*> open;  // denied by `held`, but not by `granted`
  for (const Pattern& deny : held.deny) {
    if (!isDenied(granted, deny)) open.push_back(&deny);
  }
  const auto isWithin = [&](const Pattern& pattern) {
    if (pattern.text().empty() || isDenied(granted, pattern)) return true;
    return isAllowed(held, pattern) && std::ranges::all_of(open, [&](const Pattern* deny) {
             return haveNothingInCommon(pattern, *deny);
           });
  };
  const auto it = std::ranges::find_if_not(granted.allow, isWithin);
  return it == granted.allow.end() ? nullptr : &*it;
}

}  // namespace kes::policy
