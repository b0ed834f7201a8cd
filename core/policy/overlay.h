#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/policy.h"
#include "policy/text_map.h"

namespace kes::policy {

class PolicySet;

// The policy an identity was put under at run time.
struct Assignment {
  std::string policy = {};  // empty: the identity was taken off the policy that the file puts it under
  Creation made = {};
  const Policy* inForce = nullptr;  // the policy itself; the PolicySet that holds the overlay fills it in
};

// What was changed at run time, over what the configuration file says; gone after a restart. Every assignment
// names a policy that exists: who deletes a policy takes it from the identities that were put under it here,
// so that nobody comes under whatever gets that name later.
struct Overlay {
  ByText<std::shared_ptr<const Policy>> policies;  // null: a policy of the file that was deleted
  ByText<Assignment> identities;

  // Takes an identity off its policy. One that the file of `set` names is remembered, so that it does not
  // fall back on what the file gave it.
  void takeOff(std::string_view identity, const PolicySet& set);
  // The same for all that were put under `policy` at run time.
  void takeAllOff(std::string_view policy, const PolicySet& set);
};

}  // namespace kes::policy
