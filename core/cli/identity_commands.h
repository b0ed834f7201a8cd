#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes identity …`; `arguments` begin after "identity".
[[nodiscard]] int identityCommand(Arguments arguments, Console& console);

[[nodiscard]] int newIdentity(Arguments arguments, Console& console);
[[nodiscard]] int identityOf(Arguments arguments, Console& console);

[[nodiscard]] int describeIdentity(Arguments arguments, Console& console);
[[nodiscard]] int listIdentities(Arguments arguments, Console& console);
[[nodiscard]] int assignIdentity(Arguments arguments, Console& console);
[[nodiscard]] int removeIdentity(Arguments arguments, Console& console);

}  // namespace kes::cli
