#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/policy_set.h"

namespace kes::policy {

struct CarriedOver {
  std::shared_ptr<const PolicySet> set;
  std::vector<std::string> lost;  // what had to give way to the file, in words for the log
};

// A file read anew, under what was changed at run time so far. A change stays unless what the file itself
// says about that policy or identity has changed: then the file wins. Identities that were put at run time
// under a policy that now is another, or none, are taken off it: who put them there did not mean the new one.
[[nodiscard]] CarriedOver carryOver(const PolicySet& old, const PolicySet& read);

}  // namespace kes::policy
