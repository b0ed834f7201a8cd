#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// Of a command that KES has and this program has not yet: one clear line, and failure.
[[nodiscard]] int unavailable(Arguments arguments, Console& console);

}  // namespace kes::cli
