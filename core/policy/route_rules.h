#pragma once

#include <string_view>

#include "policy/decision.h"
#include "policy/policy_set.h"

namespace kes::policy {

// Rules of single routes, beyond the patterns of a policy. They are about routes that the newest KES lacks: a
// pattern written for it must not open them by accident.

// The route that a path or a pattern begins with, if it is one of those that change policies and identities
// at run time; else empty.
[[nodiscard]] std::string_view changeRouteOf(std::string_view text) noexcept;

// Decides by all the rules there are:
//   * A route that changes policies or identities is the admin's, unless a policy of the file names it up to
//     its resource (`/v1/policy/write/*` does; `/v1/policy/*` and `*` do not).
//   * Whoever decrypts in bulk must be allowed to decrypt one by one.
// `PolicySet::decide` is enough, and faster, where the route is known to be none of these.
[[nodiscard]] Decision decideByAllRules(const PolicySet& policies, std::string_view identity,
                                        std::string_view path);

}  // namespace kes::policy
