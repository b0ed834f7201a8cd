#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/pattern.h"

namespace kes::policy {

struct Policy {
  std::string name;
  std::vector<Pattern> allow;
  std::vector<Pattern> deny;
};

// A policy as the configuration states it.
struct PolicyStatement {
  std::string name;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::vector<std::string> identities;
};

// Why a request is or is not allowed. The views live as long as the policy set.
struct Decision {
  enum class Reason { admin, allowed, unknownIdentity, deniedByPattern, noPatternMatched };

  Reason reason;
  std::string_view policy;   // empty for admin and unknown identities
  std::string_view pattern;  // the pattern that decided, if one did

  [[nodiscard]] bool allowed() const noexcept { return reason == Reason::admin || reason == Reason::allowed; }
};

// Who may do what: one admin and, for every other identity, at most one policy. Default is to deny.
// Immutable once built, so any number of threads reads it.
class PolicySet {
 public:
  // Fails with KES' own texts: an illegal policy name or identity, an identity with two policies, or one that
  // is the admin or a proxy.
  [[nodiscard]] static base::Outcome<std::shared_ptr<const PolicySet>> build(
      std::string admin, std::span<const PolicyStatement> statements,
      std::span<const std::string> proxies = {});

  ~PolicySet();

  // Decides for a decoded URL path. An empty identity is unknown. Neither blocks nor allocates.
  [[nodiscard]] Decision decide(std::string_view identity, std::string_view path) const noexcept;

  [[nodiscard]] const std::string& admin() const noexcept;
  [[nodiscard]] bool isAdmin(std::string_view identity) const noexcept;
  // The admin, a proxy, or an identity that a policy names.
  [[nodiscard]] bool isKnown(std::string_view identity) const noexcept;
  [[nodiscard]] const Policy* find(std::string_view name) const noexcept;
  // The policy of an identity, or null.
  [[nodiscard]] const Policy* policyOf(std::string_view identity) const noexcept;

 private:
  PolicySet();
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace kes::policy
