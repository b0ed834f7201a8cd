#include "policy/policy_set.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/name.h"

namespace kes::policy {
namespace {

// Lets a map keyed by std::string be searched with a std::string_view, so that a lookup copies nothing.
struct TextHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
template <typename T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

enum class Role { proxy, user };

struct Holder {
  Role role;
  std::size_t policy;  // index; of users only
};

template <typename... Parts>
[[nodiscard]] std::string concat(const Parts&... parts) {
  std::string text;
  (text.append(parts), ...);
  return text;
}

[[nodiscard]] std::vector<Pattern> compile(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

[[nodiscard]] const Pattern* firstDenying(const Policy& policy, std::string_view path) noexcept {
  const auto it = std::ranges::find_if(policy.deny, [path](const Pattern& p) { return p.denies(path); });
  return it == policy.deny.end() ? nullptr : &*it;
}

[[nodiscard]] const Pattern* firstAllowing(const Policy& policy, std::string_view path) noexcept {
  const auto it = std::ranges::find_if(policy.allow, [path](const Pattern& p) { return p.allows(path); });
  return it == policy.allow.end() ? nullptr : &*it;
}

}  // namespace

struct PolicySet::Tables {
  std::string admin;
  std::vector<Policy> policies;
  ByText<std::size_t> byName;
  ByText<Holder> holders;  // every known identity but the admin

  [[nodiscard]] base::Outcome<void> addProxy(const std::string& identity);
  [[nodiscard]] base::Outcome<void> checkRoles(const PolicyStatement& statement) const;
  [[nodiscard]] base::Outcome<void> addPolicy(const PolicyStatement& statement);
  [[nodiscard]] base::Outcome<void> assign(std::size_t policy, const std::string& identity);
};

base::Outcome<void> PolicySet::Tables::addProxy(const std::string& identity) {
  if (identity == admin) {
    return base::fail(concat("kesconf: invalid tls proxy: identity '", identity, "' is already admin"));
  }
  holders.emplace(identity, Holder{Role::proxy, 0});
  return {};
}

base::Outcome<void> PolicySet::Tables::checkRoles(const PolicyStatement& statement) const {
  for (const auto& identity : statement.identities) {
    const auto refuse = [&](std::string_view role) {
      return base::fail(concat("kesconf: invalid policy '", statement.name, "': identity '", identity,
                               "' is already ", role));
    };
    if (identity == admin) return refuse("admin");
    if (holders.contains(identity)) return refuse("a TLS proxy");
  }
  return {};
}

base::Outcome<void> PolicySet::Tables::addPolicy(const PolicyStatement& statement) {
  if (!base::isValidName(statement.name)) {
    return base::fail(
        concat("kes: policy name '", statement.name, "' is empty, too long or contains invalid characters"));
  }
  if (!byName.emplace(statement.name, policies.size()).second) {
    return base::fail(concat("kes: policy '", statement.name, "' is defined more than once"));
  }
  policies.push_back({statement.name, compile(statement.allow), compile(statement.deny)});
  for (const auto& identity : statement.identities) {
    if (auto assigned = assign(policies.size() - 1, identity); !assigned) return assigned;
  }
  return {};
}

base::Outcome<void> PolicySet::Tables::assign(std::size_t policy, const std::string& identity) {
  if (!base::isValidName(identity)) {
    return base::fail(
        concat("kes: identity '", identity, "' is empty, too long or contains invalid characters"));
  }
  if (!holders.emplace(identity, Holder{Role::user, policy}).second) {
    return base::fail(concat("kes: cannot assign policy '", policies[policy].name, "' to '", identity,
                             "': identity already has a policy"));
  }
  return {};
}

PolicySet::PolicySet() : tables_(std::make_unique<Tables>()) {}
PolicySet::~PolicySet() = default;

base::Outcome<std::shared_ptr<const PolicySet>> PolicySet::build(std::string admin,
                                                                 std::span<const PolicyStatement> statements,
                                                                 std::span<const std::string> proxies) {
  if (admin.empty()) return base::fail("kesconf: invalid admin identity: no admin identity");

  std::shared_ptr<PolicySet> set(new PolicySet);
  Tables& tables = *set->tables_;
  tables.admin = std::move(admin);
  for (const auto& proxy : proxies) {
    if (auto added = tables.addProxy(proxy); !added) return std::unexpected(added.error());
  }
  // Conflicts with the admin and the proxies come first, for all policies, as KES reports them.
  for (const auto& statement : statements) {
    if (auto checked = tables.checkRoles(statement); !checked) return std::unexpected(checked.error());
  }
  for (const auto& statement : statements) {
    if (auto added = tables.addPolicy(statement); !added) return std::unexpected(added.error());
  }
  return set;
}

Decision PolicySet::decide(std::string_view identity, std::string_view path) const noexcept {
  using enum Decision::Reason;
  if (isAdmin(identity)) return {admin, {}, {}};
  const Policy* policy = policyOf(identity);
  if (policy == nullptr) return {unknownIdentity, {}, {}};
  if (const Pattern* p = firstDenying(*policy, path)) return {deniedByPattern, policy->name, p->text()};
  if (const Pattern* p = firstAllowing(*policy, path)) return {allowed, policy->name, p->text()};
  return {noPatternMatched, policy->name, {}};
}

const std::string& PolicySet::admin() const noexcept {
  return tables_->admin;
}

bool PolicySet::isAdmin(std::string_view identity) const noexcept {
  return identity == tables_->admin;  // never true for an empty identity: there is always an admin
}

bool PolicySet::isKnown(std::string_view identity) const noexcept {
  return isAdmin(identity) || (!identity.empty() && tables_->holders.contains(identity));
}

const Policy* PolicySet::find(std::string_view name) const noexcept {
  const auto it = tables_->byName.find(name);
  return it == tables_->byName.end() ? nullptr : &tables_->policies[it->second];
}

const Policy* PolicySet::policyOf(std::string_view identity) const noexcept {
  const auto it = tables_->holders.find(identity);
  if (it == tables_->holders.end() || it->second.role != Role::user) return nullptr;
  return &tables_->policies[it->second.policy];
}

}  // namespace kes::policy
