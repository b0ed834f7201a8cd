#include "policy/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/rights.h"
#include "policy/route_rules.h"

namespace kes::policy {
namespace {

using base::Error;
using base::ErrorCode;

std::unexpected<Error> invalid(std::string message) {
  return std::unexpected(Error(ErrorCode::invalidChange, std::move(message)));
}

std::unexpected<Error> refuse(std::string why) {
  return std::unexpected(Error::withCause(ErrorCode::notAllowed, std::move(why)));
}

base::Result<void> mustNotBeOwn(const PolicySet& set, const Creation& author, std::string_view policy) {
  const Policy* own = set.policyOf(author.by);
  if (set.isAdmin(author.by) || own == nullptr || own->name != policy) return {};
  return refuse(fmt::format("policy '{}' is the author's own", policy));
}

base::Result<void> mustHoldAllOf(const PolicySet& set, const Creation& author, const Policy& granted) {
  if (set.isAdmin(author.by)) return {};
  const Policy* own = set.policyOf(author.by);
  if (own == nullptr) return refuse(explain(set.decide(author.by, {})));
  const Pattern* beyond = firstBeyond(granted, *own);
  if (beyond == nullptr) return {};
  return refuse(fmt::format("pattern '{}' of policy '{}' is not known to be within policy '{}' of its author",
                            beyond->text(), granted.name, own->name));
}

// Only the file opens the routes that change policies; a pattern that seems to would mislead.
base::Result<void> mustNotNameChangeRoutes(const PolicyText& text) {
  const auto named =
      std::ranges::find_if(text.allow, [](const auto& p) { return !changeRouteOf(p).empty(); });
  if (named == text.allow.end()) return {};
  return invalid(fmt::format("policy '{}' cannot allow '{}': only a policy of the configuration file can",
                             text.name, *named));
}

base::Result<void> mustFit(const PolicySet& set, const PolicyText& text) {
  const std::size_t patterns = text.allow.size() + text.deny.size();
  if (patterns > kMaxPatterns) {
    return invalid(fmt::format("policy '{}' has {} patterns: at most {} are possible", text.name, patterns,
                               kMaxPatterns));
  }
  const auto& policies = set.overlay().policies;
  const auto others = std::ranges::count_if(
      policies, [&](const auto& entry) { return entry.second != nullptr && entry.first != text.name; });
  if (static_cast<std::size_t>(others) < kMaxPolicies) return {};
  return invalid(fmt::format("too many policies: at most {} can be written beside the configuration file",
                             kMaxPolicies));
}

base::Result<void> mustFit(const PolicySet& set, std::string_view identity) {
  const auto& identities = set.overlay().identities;
  const auto others = std::ranges::count_if(identities, [&](const auto& entry) {
    return entry.second.inForce != nullptr && entry.first != identity;
  });
  if (static_cast<std::size_t>(others) < kMaxIdentities) return {};
  return invalid(fmt::format("too many identities: at most {} can be assigned beside the configuration file",
                             kMaxIdentities));
}

std::vector<Pattern> compile(std::vector<std::string> texts) {
  return {std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end())};
}

}  // namespace

Changed writePolicy(const PolicySet& set, const Creation& author, PolicyText text) {
  if (auto other = mustNotBeOwn(set, author, text.name); !other) return std::unexpected(other.error());
  if (auto plain = mustNotNameChangeRoutes(text); !plain) return std::unexpected(plain.error());
  if (auto fits = mustFit(set, text); !fits) return std::unexpected(fits.error());
  auto policy = std::make_shared<const Policy>(
      Policy{text.name, compile(std::move(text.allow)), compile(std::move(text.deny)), author});
  if (auto held = mustHoldAllOf(set, author, *policy); !held) return std::unexpected(held.error());

  Overlay overlay = set.overlay();
  overlay.policies.insert_or_assign(policy->name, policy);
  return set.with(std::move(overlay));
}

Changed assignPolicy(const PolicySet& set, const Creation& author, std::string_view policy,
                     std::string_view identity) {
  if (set.isAdmin(identity)) return invalid("cannot assign policy to system admin");
  if (set.isProxy(identity)) return invalid("cannot assign policy to TLS proxy");
  if (identity == author.by) {
    return std::unexpected(Error(ErrorCode::notAllowed, "identity cannot assign policy to itself"));
  }
  if (auto other = mustNotBeOwn(set, author, policy); !other) return std::unexpected(other.error());
  const Policy* granted = set.find(policy);
  if (granted == nullptr) return std::unexpected(Error(ErrorCode::policyNotFound));
  if (auto held = mustHoldAllOf(set, author, *granted); !held) return std::unexpected(held.error());
  if (auto fits = mustFit(set, identity); !fits) return std::unexpected(fits.error());

  Overlay overlay = set.overlay();
  overlay.identities.insert_or_assign(std::string(identity), Assignment{std::string(policy), author});
  return set.with(std::move(overlay));
}

Changed deletePolicy(const PolicySet& set, const Creation& author, std::string_view name) {
  if (auto other = mustNotBeOwn(set, author, name); !other) return std::unexpected(other.error());
  if (set.find(name) == nullptr) return std::unexpected(Error(ErrorCode::policyNotFound));

  Overlay overlay = set.overlay();
  if (set.filePolicy(name) != nullptr) {
    overlay.policies.insert_or_assign(std::string(name), nullptr);
  } else {
    overlay.policies.erase(overlay.policies.find(name));
  }
  overlay.takeAllOff(name, set);
  return set.with(std::move(overlay));
}

Changed forgetIdentity(const PolicySet& set, std::string_view identity) {
  if (set.isAdmin(identity)) return invalid("cannot delete system admin");
  // One whose policy was deleted counts: it would have a policy again once that is written.
  const bool waits = set.filePolicyOf(identity) != nullptr && !set.overlay().identities.contains(identity);
  if (!waits && set.policyOf(identity) == nullptr) return std::unexpected(Error(ErrorCode::identityNotFound));

  Overlay overlay = set.overlay();
  overlay.takeOff(identity, set);
  return set.with(std::move(overlay));
}

}  // namespace kes::policy
