#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/policy_set.h"

namespace kes::policy {

// Changes at run time. Each makes another set of the one it is given, or says why it must not be. Whether the
// author may use the route at all is for decideByAllRules to say; here is what holds beyond that. Everybody
// but the admin
//
//   * leaves alone the policy they are under: it is not theirs to write, assign or delete;
//   * puts only others under a policy;
//   * grants nothing they lack themselves, by what they write or by what they assign (policy/rights.h).
//
// So nobody gains rights by any sequence of changes, and neither do any number of them together.

using Changed = base::Result<std::shared_ptr<const PolicySet>>;

// How much may be kept at run time, beside what the configuration file says.
inline constexpr std::size_t kMaxPolicies = 1000;
inline constexpr std::size_t kMaxPatterns = 1000;  // of a policy, allow and deny together
inline constexpr std::size_t kMaxIdentities = 10'000;

struct PolicyText {
  std::string name;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

// Makes a policy, or gives one that is there other patterns. Names have been checked by the caller.
[[nodiscard]] Changed writePolicy(const PolicySet& set, const Creation& author, PolicyText text);
// Puts an identity under a policy, in place of the one it had.
[[nodiscard]] Changed assignPolicy(const PolicySet& set, const Creation& author, std::string_view policy,
                                   std::string_view identity);
// Deletes a policy. Identities that were put under it at run time are taken off; those of the file may do
// nothing until it is written again.
[[nodiscard]] Changed deletePolicy(const PolicySet& set, const Creation& author, std::string_view name);
// Takes an identity off its policy.
[[nodiscard]] Changed forgetIdentity(const PolicySet& set, std::string_view identity);

}  // namespace kes::policy
