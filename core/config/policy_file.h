#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kes::config {

// What a policy allows and denies.
struct PolicyRules {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

// Reads the rules of one policy from a file of its own, in YAML or JSON: lists of path patterns under `allow`
// (or `paths`, its old name) and `deny`. Each may also be a mapping whose keys are the patterns, which is how
// servers print a policy; the members about its making that they print with it are passed over. Any other
// member is a failure: a typing error must not make a policy of nothing. A failure is one line:
// "policy.yml:2:1: …".
[[nodiscard]] base::Outcome<PolicyRules> readPolicyFile(const std::string& file);
// The same for a text in memory; `file` is the name that messages use.
[[nodiscard]] base::Outcome<PolicyRules> parsePolicy(std::string_view text, const std::string& file);

}  // namespace kes::config
