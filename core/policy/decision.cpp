#include "policy/decision.h"

#include <fmt/format.h>

namespace kes::policy {

std::string explain(const Decision& decision) {
  const std::string policy =
      fmt::format("policy '{}'{}", decision.policy, decision.atRunTime ? ", written at run time," : "");
  using enum Decision::Reason;
  switch (decision.reason) {
    case admin:
      return "the admin may do everything";
    case allowed:
      return fmt::format("{} allows '{}'", policy, decision.pattern);
    case unknownIdentity:
      return "no policy names this identity";
    case takenOff:
      return "this identity was taken off its policy at run time";
    case policyDeleted:
      return fmt::format("{} of this identity was deleted at run time", policy);
    case deniedByPattern:
      return fmt::format("{} denies '{}'", policy, decision.pattern);
    case noPatternMatched:
      return fmt::format("no pattern of {} matches", policy);
    case notNamed:
      return fmt::format(
          "{} allows '{}', but only a pattern of the configuration file that names this route opens it",
          policy, decision.pattern);
  }
  return {};
}

}  // namespace kes::policy
