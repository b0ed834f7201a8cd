#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes ls …`; `arguments` begin after "ls".
[[nodiscard]] int listCommand(Arguments arguments, Console& console);

}  // namespace kes::cli
