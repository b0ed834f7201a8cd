#include "policy/route_rules.h"

#include <algorithm>
#include <array>
#include <string>

namespace kes::policy {
namespace {

// docs/protocol/http.md, "Routes".
constexpr auto kChangeRoutes = std::to_array<std::string_view>({
    "/v1/policy/write/",
    "/v1/policy/assign/",
    "/v1/policy/delete/",
    "/v1/identity/assign/",
    "/v1/identity/forget/",
    "/v1/identity/delete/",
});
constexpr std::string_view kBulkDecrypt = "/v1/key/bulk/decrypt/";
constexpr std::string_view kDecrypt = "/v1/key/decrypt/";

// What becomes of a permission that is given by patterns alone.
Decision requireName(Decision permission, const Policy& policy, std::string_view path,
                     std::string_view route) {
  const auto names = [&](const Pattern& p) { return p.text().starts_with(route) && p.allows(path); };
  const auto it = std::ranges::find_if(policy.allow, names);
  if (policy.written || it == policy.allow.end()) {
    permission.reason = Decision::Reason::notNamed;
  } else {
    permission.pattern = it->text();
  }
  return permission;
}

}  // namespace

std::string_view changeRouteOf(std::string_view text) noexcept {
  const auto it = std::ranges::find_if(kChangeRoutes, [text](auto route) { return text.starts_with(route); });
  return it == kChangeRoutes.end() ? std::string_view() : *it;
}

Decision decideByAllRules(const PolicySet& policies, std::string_view identity, std::string_view path) {
  const Decision decision = policies.decide(identity, path);
  if (decision.reason != Decision::Reason::allowed) return decision;
  if (const auto route = changeRouteOf(path); !route.empty()) {
    return requireName(decision, *policies.policyOf(identity), path, route);
  }
  if (path.starts_with(kBulkDecrypt)) {
    return policies.decide(identity, std::string(kDecrypt).append(path.substr(kBulkDecrypt.size())));
  }
  return decision;
}

}  // namespace kes::policy
