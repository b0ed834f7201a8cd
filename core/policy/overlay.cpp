#include "policy/overlay.h"

#include "policy/policy_set.h"

namespace kes::policy {

void Overlay::takeOff(std::string_view identity, const PolicySet& set) {
  if (set.filePolicyOf(identity) != nullptr) {
    identities.insert_or_assign(std::string(identity), Assignment{});
  } else if (const auto it = identities.find(identity); it != identities.end()) {
    identities.erase(it);
  }
}

void Overlay::takeAllOff(std::string_view policy, const PolicySet& set) {
  for (auto it = identities.begin(); it != identities.end();) {
    const auto entry = it++;
    if (entry->second.policy == policy) takeOff(entry->first, set);
  }
}

}  // namespace kes::policy
