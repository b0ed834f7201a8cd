#include "policy/policy_set.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/name.h"

namespace kes::policy {
namespace {

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

}  // namespace

struct PolicySet::File {
  std::string admin;
  std::vector<Policy> policies;
  ByText<std::size_t> byName;
  ByText<Holder> holders;  // every known identity but the admin

  [[nodiscard]] base::Outcome<void> addProxy(const std::string& identity);
  [[nodiscard]] base::Outcome<void> checkRoles(const PolicyStatement& statement) const;
  [[nodiscard]] base::Outcome<void> addPolicy(const PolicyStatement& statement);
  [[nodiscard]] base::Outcome<void> assign(std::size_t policy, const std::string& identity);
};

base::Outcome<void> PolicySet::File::addProxy(const std::string& identity) {
  if (identity == admin) {
    return base::fail(concat("kesconf: invalid tls proxy: identity '", identity, "' is already admin"));
  }
  holders.emplace(identity, Holder{Role::proxy, 0});
  return {};
}

base::Outcome<void> PolicySet::File::checkRoles(const PolicyStatement& statement) const {
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

base::Outcome<void> PolicySet::File::addPolicy(const PolicyStatement& statement) {
  if (!base::isValidName(statement.name)) {
    return base::fail(
        concat("kes: policy name '", statement.name, "' is empty, too long or contains invalid characters"));
  }
  if (!byName.emplace(statement.name, policies.size()).second) {
    return base::fail(concat("kes: policy '", statement.name, "' is defined more than once"));
  }
  policies.push_back({statement.name, compile(statement.allow), compile(statement.deny), {}});
  for (const auto& identity : statement.identities) {
    if (auto assigned = assign(policies.size() - 1, identity); !assigned) return assigned;
  }
  return {};
}

base::Outcome<void> PolicySet::File::assign(std::size_t policy, const std::string& identity) {
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

PolicySet::PolicySet(std::shared_ptr<const File> file, Overlay overlay)
    : file_(std::move(file)), overlay_(std::move(overlay)) {
  inForce_.reserve(file_->policies.size());
  for (const Policy& policy : file_->policies) inForce_.push_back(find(policy.name));
  for (auto& [identity, assignment] : overlay_.identities) assignment.inForce = find(assignment.policy);
}

PolicySet::~PolicySet() = default;

base::Outcome<std::shared_ptr<const PolicySet>> PolicySet::build(std::string admin,
                                                                 std::span<const PolicyStatement> statements,
                                                                 std::span<const std::string> proxies) {
  if (admin.empty()) return base::fail("kesconf: invalid admin identity: no admin identity");

  const auto file = std::make_shared<File>();
  file->admin = std::move(admin);
  for (const auto& proxy : proxies) {
    if (auto added = file->addProxy(proxy); !added) return std::unexpected(added.error());
  }
  // Conflicts with the admin and the proxies come first, for all policies, as KES reports them.
  for (const auto& statement : statements) {
    if (auto checked = file->checkRoles(statement); !checked) return std::unexpected(checked.error());
  }
  for (const auto& statement : statements) {
    if (auto added = file->addPolicy(statement); !added) return std::unexpected(added.error());
  }
  return std::shared_ptr<const PolicySet>(new PolicySet(file, {}));
}

std::shared_ptr<const PolicySet> PolicySet::with(Overlay overlay) const {
  return std::shared_ptr<const PolicySet>(new PolicySet(file_, std::move(overlay)));
}

Decision PolicySet::decide(std::string_view identity, std::string_view path) const noexcept {
  using enum Decision::Reason;
  if (isAdmin(identity)) return {admin};
  const Policy* policy = policyOf(identity);
  if (policy == nullptr) return refuse(identity);
  const bool atRunTime = policy->written.has_value();
  if (const Pattern* p = policy->firstDenying(path))
    return {deniedByPattern, atRunTime, policy->name, p->text()};
  if (const Pattern* p = policy->firstAllowing(path)) return {allowed, atRunTime, policy->name, p->text()};
  return {noPatternMatched, atRunTime, policy->name, {}};
}

// Why an identity has no policy.
Decision PolicySet::refuse(std::string_view identity) const noexcept {
  using enum Decision::Reason;
  if (overlay_.identities.contains(identity)) return {takenOff};
  if (const std::string* deleted = filePolicyOf(identity)) return {policyDeleted, false, *deleted};
  return {unknownIdentity};
}

const std::string& PolicySet::admin() const noexcept {
  return file_->admin;
}

bool PolicySet::isAdmin(std::string_view identity) const noexcept {
  return identity == file_->admin;  // never true for an empty identity: there is always an admin
}

bool PolicySet::isProxy(std::string_view identity) const noexcept {
  const auto it = file_->holders.find(identity);
  return it != file_->holders.end() && it->second.role == Role::proxy && !identity.empty();
}

bool PolicySet::isKnown(std::string_view identity) const noexcept {
  return isAdmin(identity) || isProxy(identity) || policyOf(identity) != nullptr;
}

const Policy* PolicySet::find(std::string_view name) const noexcept {
  const auto it = overlay_.policies.find(name);
  return it == overlay_.policies.end() ? filePolicy(name) : it->second.get();
}

const Policy* PolicySet::policyOf(std::string_view identity) const noexcept {
  if (!overlay_.identities.empty()) {
    const auto it = overlay_.identities.find(identity);
    if (it != overlay_.identities.end()) return it->second.inForce;
  }
  const auto it = file_->holders.find(identity);
  if (it == file_->holders.end() || it->second.role != Role::user) return nullptr;
  return inForce_[it->second.policy];
}

const Creation* PolicySet::assignmentOf(std::string_view identity) const noexcept {
  const auto it = overlay_.identities.find(identity);
  if (it == overlay_.identities.end() || it->second.inForce == nullptr) return nullptr;
  return &it->second.made;
}

std::vector<std::string_view> PolicySet::policies(std::string_view prefix) const {
  std::vector<std::string_view> names;
  const auto add = [&](std::string_view name) {
    if (name.starts_with(prefix)) names.push_back(name);
  };
  for (const Policy& policy : file_->policies) {
    if (!overlay_.policies.contains(policy.name)) add(policy.name);
  }
  for (const auto& [name, policy] : overlay_.policies) {
    if (policy != nullptr) add(name);
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string_view> PolicySet::identities(std::string_view prefix) const {
  std::vector<std::string_view> identities;
  const auto add = [&](std::string_view identity) {
    if (identity.starts_with(prefix)) identities.push_back(identity);
  };
  add(file_->admin);
  for (const auto& [identity, holder] : file_->holders) {
    if (!overlay_.identities.contains(identity) && policyOf(identity) != nullptr) add(identity);
  }
  for (const auto& [identity, assignment] : overlay_.identities) {
    if (assignment.inForce != nullptr) add(identity);
  }
  std::ranges::sort(identities);
  return identities;
}

const Policy* PolicySet::filePolicy(std::string_view name) const noexcept {
  const auto it = file_->byName.find(name);
  return it == file_->byName.end() ? nullptr : &file_->policies[it->second];
}

const std::string* PolicySet::filePolicyOf(std::string_view identity) const noexcept {
  const auto it = file_->holders.find(identity);
  if (it == file_->holders.end() || it->second.role != Role::user) return nullptr;
  return &file_->policies[it->second.policy].name;
}

}  // namespace kes::policy
