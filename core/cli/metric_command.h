#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes metric …`; `arguments` begin after "metric".
[[nodiscard]] int metricCommand(Arguments arguments, Console& console);

}  // namespace kes::cli
