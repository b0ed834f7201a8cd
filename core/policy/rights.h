#pragma once

#include "policy/policy.h"

namespace kes::policy {

// The first `allow` pattern of `granted` that may let through a path which `held` does not; null when all of
// `granted` is within `held`. Patterns are compared as patterns, not path by path, so the answer errs on the
// strict side: what cannot be shown to be within is taken to be beyond. Shown is
//
//   * that a pattern lies within one `allow` pattern of `held`: the two are the same text, the outer matches
//     the inner, which has no special character, or the outer is a prefix of all that the inner matches;
//   * and that each `deny` pattern of `held` either has nothing in common with it, since the two begin
//     differently, or lies within one `deny` pattern of `granted`;
//   * or that a `deny` pattern of `granted` refuses all that the pattern lets through.
//
// A pattern that names a route which changes policies (policy/route_rules.h) lies only within one that names
// the same, in a policy of the file.
[[nodiscard]] const Pattern* firstBeyond(const Policy& granted, const Policy& held);

}  // namespace kes::policy
