#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes status`; `arguments` begin after "status".
[[nodiscard]] int statusCommand(Arguments arguments, Console& console);

}  // namespace kes::cli
