#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kes::policy {

// Why a request is or is not allowed. The views live as long as the policy set.
struct Decision {
  enum class Reason : std::uint8_t {
    admin,
    allowed,
    unknownIdentity,  // no policy names the identity
    takenOff,         // its policy was taken from the identity at run time
    policyDeleted,    // the file puts the identity under a policy that was deleted at run time
    deniedByPattern,
    noPatternMatched,
    notNamed,  // a pattern matches, but the route has to be named by the file (policy/route_rules.h)
  };

  Reason reason;
  bool atRunTime = false;         // whether the policy was written at run time, rather than in the file
  std::string_view policy = {};   // empty for admin and identities without one
  std::string_view pattern = {};  // the pattern that decided, if one did

  [[nodiscard]] bool allowed() const noexcept { return reason == Reason::admin || reason == Reason::allowed; }
};

// The decision in words, as the audit log has it: "policy 'app' denies '/v1/key/delete/*'".
[[nodiscard]] std::string explain(const Decision& decision);

}  // namespace kes::policy
