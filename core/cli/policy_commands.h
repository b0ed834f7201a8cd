#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes policy …`; `arguments` begin after "policy".
[[nodiscard]] int policyCommand(Arguments arguments, Console& console);

[[nodiscard]] int describePolicy(Arguments arguments, Console& console);
[[nodiscard]] int listPolicies(Arguments arguments, Console& console);
[[nodiscard]] int showPolicy(Arguments arguments, Console& console);
[[nodiscard]] int explainPolicy(Arguments arguments, Console& console);

[[nodiscard]] int createPolicy(Arguments arguments, Console& console);
[[nodiscard]] int assignPolicy(Arguments arguments, Console& console);
[[nodiscard]] int removePolicy(Arguments arguments, Console& console);

}  // namespace kes::cli
