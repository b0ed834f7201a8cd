#include "api/resource.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/name.h"

namespace kes::api {
namespace {

using base::Error;
using base::ErrorCode;

Error invalidName(std::string_view kind, std::string_view name) {
  return {ErrorCode::invalidName, fmt::format("{} '{}' is empty, too long or contains invalid characters",
                                              kind, base::toValidUtf8(name))};
}

// A listing pattern of keys is a prefix with an optional final `*`, or a prefix, a `*` and the name to go on
// from, which is what `continue_at` holds.
bool isKeyListing(std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos || star + 1 == pattern.size()) return base::isValidPattern(pattern);
  return base::isValidPattern(pattern.substr(0, star + 1)) && base::isValidName(pattern.substr(star + 1));
}

std::optional<Error> checkName(std::string_view kind, std::string_view name) {
  if (base::isValidName(name)) return std::nullopt;
  return invalidName(kind, name);
}

std::optional<Error> checkPattern(bool valid, std::string_view pattern) {
  if (valid) return std::nullopt;
  return Error(ErrorCode::invalidName, fmt::format("listing pattern '{}' is empty, too long or is invalid",
                                                   base::toValidUtf8(pattern)));
}

std::optional<Error> checkPlacement(const Match& match) {
  // An escaped slash never separates.
  if (match.slashEscaped) return invalidName("policy name", match.resource);
  const auto [policy, identity] = placementOf(match.resource);
  if (auto invalid = checkName("policy name", policy)) return invalid;
  return checkName("identity", identity);
}

}  // namespace

std::optional<Error> checkResource(const Match& match) {
  if (!match.route->hasResource()) return std::nullopt;
  const std::string_view resource = match.resource;
  switch (match.route->operation) {
    case Operation::list:
      return checkPattern(isKeyListing(resource), resource);
    case Operation::policyList:
    case Operation::identityList:
      return checkPattern(base::isValidPattern(resource), resource);
    case Operation::policyDescribe:
    case Operation::policyRead:
    case Operation::policyWrite:
    case Operation::policyAssign:
    case Operation::policyDelete:
      return checkName("policy name", resource);
    case Operation::identityDescribe:
    case Operation::identityForget:
    case Operation::identityDelete:
      return checkName("identity", resource);
    case Operation::identityAssign:
      return checkPlacement(match);
    default:
      return checkName("key name", resource);
  }
}

std::string_view prefixOf(std::string_view pattern) noexcept {
  if (pattern.ends_with('*')) pattern.remove_suffix(1);
  return pattern;
}

Placement placementOf(std::string_view resource) {
  const std::size_t slash = resource.find('/');
  if (slash == resource.npos) return {resource, {}};
  return {resource.substr(0, slash), resource.substr(slash + 1)};
}

Error invalidIdentity(std::string_view identity) {
  return invalidName("identity", identity);
}

}  // namespace kes::api
