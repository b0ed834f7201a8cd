#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes server`; `arguments` begin after "server".
[[nodiscard]] int serverCommand(Arguments arguments, Console& console);

}  // namespace kes::cli
