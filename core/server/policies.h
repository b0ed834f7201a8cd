#pragma once

#include <memory>

#include "base/error.h"
#include "config/config.h"
#include "policy/policy_set.h"

namespace kes::server {

// Who may do what, as a configuration file says. Whoever asks why a request is or is not allowed passes the
// set to policy::decideByAllRules and the answer to policy::explain.
[[nodiscard]] base::Outcome<std::shared_ptr<const policy::PolicySet>> buildPolicies(
    const config::Config& config);

}  // namespace kes::server
