#pragma once

#include <string>

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// The whole `kes` program; `arguments` are those after the program's name. Returns the exit code.
[[nodiscard]] int runProgram(Arguments arguments, Console& console);

// The four lines of `kes --version`.
[[nodiscard]] std::string versionText(const Style& style);

}  // namespace kes::cli
