#include "cli/identity_info.h"

#include <fmt/format.h>

#include <span>

#include "cli/console.h"
#include "cli/dates.h"
#include "cli/json.h"
#include "cli/policy_output.h"

namespace kes::cli {
namespace {

std::string line(const Style& style, std::string_view label, std::string_view value) {
  return fmt::format("{} {}\n", style.paint(Role::label, fmt::format("{:<11}", label)), value);
}

std::string rules(const Style& style, std::string_view label, Role role,
                  std::span<const std::string> patterns) {
  if (patterns.empty()) return {};
  std::string out = style.paint(Role::label, fmt::format("{:<11}", label)) + "\n";
  for (const std::string& pattern : patterns) {
    out += fmt::format("{:12}{} {}\n", "", style.paint(role, "·"), printable(pattern));
  }
  return out;
}

std::string created(const Style& style, std::string_view at) {
  return isKnownDate(at) ? line(style, "Created At", serverDate(at)) : std::string();
}

std::string ending(const Style& style, const client::IdentityInfo& info) {
  std::string out = created(style, info.createdAt) + line(style, "Role", info.admin ? "Admin" : "User");
  if (!info.createdBy.empty()) out += line(style, "Created By", printable(info.createdBy));
  return out;
}

std::string heading(const Style& style, std::string_view identity) {
  return line(style, "Identity", style.paint(Role::identity, printable(identity)));
}

std::string policyLine(const Style& style, const client::IdentityInfo& info) {
  if (info.policy.empty()) return {};
  return line(style, "Policy", style.paint(Role::policy, printable(info.policy)));
}

JsonObject object(std::string_view identity, const client::IdentityInfo& info) {
  return JsonObject()
      .text("identity", identity)
      .optionalFlag("admin", info.admin)
      .optionalText("policy", info.policy)
      .text("created_at", info.createdAt)
      .optionalText("created_by", info.createdBy);
}

}  // namespace

std::string identityInfoText(std::string_view identity, const client::IdentityInfo& info,
                             const Style& style) {
  return heading(style, identity) + policyLine(style, info) + ending(style, info);
}

std::string identityInfoJson(std::string_view identity, const client::IdentityInfo& info) {
  return object(identity, info).close();
}

std::string selfInfoText(const client::SelfInfo& self, const Style& style) {
  std::string out = heading(style, self.identity) + ending(style, self.info);
  if (self.info.policy.empty()) return out;
  out += "\n" + policyLine(style, self.info) + created(style, self.rules.createdAt);
  out += rules(style, "Allow", Role::allow, self.rules.allow);
  return out + rules(style, "Deny", Role::deny, self.rules.deny);
}

std::string selfInfoJson(const client::SelfInfo& self) {
  JsonObject json = object(self.identity, self.info);
  if (!self.rules.allow.empty()) json.json("allow", patternsJson(self.rules.allow));
  if (!self.rules.deny.empty()) json.json("deny", patternsJson(self.rules.deny));
  return json.close();
}

}  // namespace kes::cli
