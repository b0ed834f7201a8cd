#pragma once

#include <span>
#include <string>

#include "cli/style.h"
#include "client/client.h"

namespace kes::cli {

[[nodiscard]] std::string policyInfoText(const client::PolicyInfo& info, const Style& style);
[[nodiscard]] std::string policyInfoJson(const client::PolicyInfo& info);

[[nodiscard]] std::string policyText(const client::Policy& policy, const Style& style);
[[nodiscard]] std::string policyJson(const client::Policy& policy);

// Patterns as KES writes them: {"<pattern>":{},…}
[[nodiscard]] std::string patternsJson(std::span<const std::string> patterns);

}  // namespace kes::cli
