#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "policy/decision.h"
#include "policy/overlay.h"
#include "policy/policy.h"

namespace kes::policy {

// A policy as the configuration states it.
struct PolicyStatement {
  std::string name;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::vector<std::string> identities;
};

// Who may do what: one admin and, for every other identity, at most one policy. Default is to deny. What the
// configuration file says is the base; an overlay of changes made at run time lies over it. Immutable once
// built, so any number of threads reads it; a change makes another set, which shares the base.
class PolicySet {
 public:
  // The file alone. Fails with KES' own texts: an illegal policy name or identity, an identity with two
  // policies, or one that is the admin or a proxy.
  [[nodiscard]] static base::Outcome<std::shared_ptr<const PolicySet>> build(
      std::string admin, std::span<const PolicyStatement> statements,
      std::span<const std::string> proxies = {});
  // The same file under another overlay. Takes time in proportion to the overlay and to the policies of the
  // file, not to its identities.
  [[nodiscard]] std::shared_ptr<const PolicySet> with(Overlay overlay) const;

  ~PolicySet();

  // Decides for a decoded URL path. An empty identity is unknown. Neither blocks nor allocates. For a few
  // routes there is more to it: policy/route_rules.h.
  [[nodiscard]] Decision decide(std::string_view identity, std::string_view path) const noexcept;

  [[nodiscard]] const std::string& admin() const noexcept;
  [[nodiscard]] bool isAdmin(std::string_view identity) const noexcept;
  [[nodiscard]] bool isProxy(std::string_view identity) const noexcept;
  // The admin, a proxy, or an identity with a policy.
  [[nodiscard]] bool isKnown(std::string_view identity) const noexcept;
  [[nodiscard]] const Policy* find(std::string_view name) const noexcept;
  // The policy of an identity, or null.
  [[nodiscard]] const Policy* policyOf(std::string_view identity) const noexcept;
  // Who put an identity under its policy at run time, or null.
  [[nodiscard]] const Creation* assignmentOf(std::string_view identity) const noexcept;

  // In bytewise order, those that begin with `prefix`. The identities are those with a policy, and the admin.
  [[nodiscard]] std::vector<std::string_view> policies(std::string_view prefix) const;
  [[nodiscard]] std::vector<std::string_view> identities(std::string_view prefix) const;

  // What the file says, whatever has changed since: a policy, and the name of an identity's policy (null for
  // those it puts under none).
  [[nodiscard]] const Policy* filePolicy(std::string_view name) const noexcept;
  [[nodiscard]] const std::string* filePolicyOf(std::string_view identity) const noexcept;
  [[nodiscard]] const Overlay& overlay() const noexcept { return overlay_; }

 private:
  struct File;
  PolicySet(std::shared_ptr<const File> file, Overlay overlay);
  [[nodiscard]] Decision refuse(std::string_view identity) const noexcept;

  std::shared_ptr<const File> file_;
  Overlay overlay_;
  std::vector<const Policy*>
      inForce_;  // what stands for each policy of the file: another, or null if deleted
};

}  // namespace kes::policy
