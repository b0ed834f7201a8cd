#include "server/policies.h"

#include <vector>

namespace kes::server {

base::Outcome<std::shared_ptr<const policy::PolicySet>> buildPolicies(const config::Config& config) {
  std::vector<policy::PolicyStatement> statements;
  statements.reserve(config.policies.size());
  for (const config::Policy& policy : config.policies) {
    statements.push_back({policy.name, policy.allow, policy.deny, policy.identities});
  }
  auto set = policy::PolicySet::build(config.admin, statements, config.tls.proxyIdentities);
  if (!set) return base::fail(config.file + ": " + set.error().message);
  return set;
}

}  // namespace kes::server
