#include "cli/policy_output.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/dates.h"
#include "cli/json.h"

namespace kes::cli {
namespace {

std::string rules(std::string_view title, Role role, std::span<const std::string> patterns,
                  const Style& style) {
  if (patterns.empty()) return {};
  std::string out = style.paint(role, title) + "\n";
  for (const std::string& pattern : patterns) out += fmt::format("  · {}\n", printable(pattern));
  return out + "\n";
}

}  // namespace

std::string policyInfoText(const client::PolicyInfo& info, const Style& style) {
  const auto line = [&](std::string_view label, std::string_view value) {
    return fmt::format("{} {}\n", style.paint(Role::faint, fmt::format("{:<11}", label)), value);
  };
  std::string out = line("Name", style.paint(Role::identity, printable(info.name)));
  if (isKnownDate(info.createdAt)) out += line("Date", localDate(info.createdAt));
  if (!info.createdBy.empty()) out += line("Created by", printable(info.createdBy));
  return out;
}

std::string policyInfoJson(const client::PolicyInfo& info) {
  return JsonObject()
      .text("name", info.name)
      .text("created_at", info.createdAt)
      .optionalText("created_by", info.createdBy)
      .close();
}

std::string policyText(const client::Policy& policy, const Style& style) {
  std::string out = rules("Allow:", Role::allow, policy.allow, style);
  out += rules("Deny:", Role::deny, policy.deny, style);
  if (isKnownDate(policy.createdAt)) {
    out += fmt::format("{} {}\n", style.paint(Role::endpoint, "Created at:"), localDate(policy.createdAt));
  }
  const std::string author = policy.createdBy.empty() ? "<unknown>" : printable(policy.createdBy);
  return out + fmt::format("{} {}\n", style.paint(Role::endpoint, "Created by:"), author);
}

std::string policyJson(const client::Policy& policy) {
  JsonObject object;
  if (!policy.allow.empty()) object.json("allow", patternsJson(policy.allow));
  if (!policy.deny.empty()) object.json("deny", patternsJson(policy.deny));
  return object.text("created_at", policy.createdAt).optionalText("created_by", policy.createdBy).close();
}

std::string patternsJson(std::span<const std::string> patterns) {
  JsonObject object;
  for (const std::string& pattern : patterns) object.json(pattern, "{}");
  return object.close();
}

}  // namespace kes::cli
