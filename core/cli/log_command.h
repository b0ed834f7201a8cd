#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes log …`; `arguments` begin after "log".
[[nodiscard]] int logCommand(Arguments arguments, Console& console);

}  // namespace kes::cli
