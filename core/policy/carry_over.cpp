#include "policy/carry_over.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace kes::policy {
namespace {

std::set<std::string_view> textsOf(const std::vector<Pattern>& patterns) {
  std::set<std::string_view> texts;
  for (const Pattern& pattern : patterns) texts.insert(pattern.text());
  return texts;
}

// Whether two files say the same about a policy. The order of its patterns says nothing.
bool agreeOnPolicy(const PolicySet& a, const PolicySet& b, std::string_view name) {
  const Policy* one = a.filePolicy(name);
  const Policy* other = b.filePolicy(name);
  if (one == nullptr || other == nullptr) return one == other;
  return textsOf(one->allow) == textsOf(other->allow) && textsOf(one->deny) == textsOf(other->deny);
}

bool agreeOnIdentity(const PolicySet& a, const PolicySet& b, std::string_view identity) {
  const std::string* one = a.filePolicyOf(identity);
  const std::string* other = b.filePolicyOf(identity);
  const bool samePolicy = one == nullptr || other == nullptr ? one == other : *one == *other;
  return samePolicy && a.isAdmin(identity) == b.isAdmin(identity) &&
         a.isProxy(identity) == b.isProxy(identity);
}

std::string fileWins(std::string_view what, std::string_view name) {
  return fmt::format("{} '{}': the configuration file has changed, which undoes what was changed at run time",
                     what, name);
}

}  // namespace

CarriedOver carryOver(const PolicySet& old, const PolicySet& read) {
  Overlay overlay = old.overlay();
  std::vector<std::string> lost;
  std::erase_if(overlay.identities, [&](const auto& entry) {
    if (agreeOnIdentity(old, read, entry.first)) return false;
    lost.push_back(fileWins("identity", entry.first));
    return true;
  });
  std::set<std::string> replaced;  // policies that are not those any more which identities were put under
  std::erase_if(overlay.policies, [&](const auto& entry) {
    if (agreeOnPolicy(old, read, entry.first)) return false;
    lost.push_back(fileWins("policy", entry.first));
    replaced.insert(entry.first);
    return true;
  });
  for (const auto& [identity, assignment] : overlay.identities) {
    const auto& policy = assignment.policy;
    if (policy.empty()) continue;
    const bool exists = read.filePolicy(policy) != nullptr || overlay.policies.contains(policy);
    if (!exists) replaced.insert(policy);
    if (!replaced.contains(policy)) continue;
    lost.push_back(fmt::format("identity '{}': taken off policy '{}', which the configuration file has {}",
                               identity, policy, exists ? "replaced" : "removed"));
  }
  for (const auto& policy : replaced) overlay.takeAllOff(policy, read);
  std::ranges::sort(lost);
  return {read.with(std::move(overlay)), std::move(lost)};
}

}  // namespace kes::policy
