#include "config/policy_file.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/file.h"
#include "config/message.h"
#include "config/reader.h"
#include "config/yaml.h"

namespace kes::config {
namespace {

constexpr std::size_t kMaxFileSize = 1U << 20U;

// Of a policy that a server printed; these say nothing about what it allows.
constexpr std::array<std::string_view, 3> kAboutItsMaking = {"name", "created_at", "created_by"};

std::vector<std::string> patternsOf(const Section& policy, std::string_view key) {
  std::vector<std::string> patterns;
  if (policy.isMapping(key)) {
    for (const auto& member : policy.section(key).members()) patterns.push_back(member.key);
  } else {
    for (const Scalar& pattern : policy.literals(key)) patterns.push_back(pattern.text);
  }
  return patterns;
}

void refuseUnknownMembers(const Section& policy) {
  for (const auto& member : policy.members()) {
    const bool isRule = member.key == "allow" || member.key == "paths" || member.key == "deny";
    if (isRule || std::ranges::find(kAboutItsMaking, member.key) != kAboutItsMaking.end()) continue;
    policy.reader().refuse(policy.reader().at(member.mark), printable(member.key),
                           "a policy has no such member; it has allow and deny");
  }
}

}  // namespace

base::Outcome<PolicyRules> readPolicyFile(const std::string& file) {
  const auto text = base::readFile(file, kMaxFileSize);
  if (!text) return base::fail(file + ": cannot read the policy: " + text.error().message());
  return parsePolicy(base::textOf(text->reveal()), file);
}

base::Outcome<PolicyRules> parsePolicy(std::string_view text, const std::string& file) {
  const auto root = parseYaml(text, file);
  if (!root) return std::unexpected(root.error());
  const Environment none = [](const std::string&) { return std::nullopt; };
  Reader reader(file, none);
  const Section policy(reader, *root);
  refuseUnknownMembers(policy);
  if (policy.has("paths") && policy.has("allow")) {
    reader.refuse(policy.keyLocation("paths"), "paths", "it is the old name of allow; give one of them");
  }
  PolicyRules rules{patternsOf(policy, policy.has("paths") ? "paths" : "allow"), patternsOf(policy, "deny")};
  if (reader.failure()) return std::unexpected(*reader.failure());
  return rules;
}

}  // namespace kes::config
