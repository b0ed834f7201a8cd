#pragma once

#include <span>
#include <string_view>

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// A word that picks what to do, as "create" in "kes key create".
struct Command {
  std::string_view name;
  int (*run)(Arguments arguments, Console& console);
};

// The command of that name, or null.
[[nodiscard]] const Command* findCommand(std::span<const Command> commands, std::string_view name);

// True when one of the arguments before "--" asks for help.
[[nodiscard]] bool asksForHelp(Arguments arguments);

// Runs the command that the first argument names. `group` as a person types it, "kes key". Without arguments,
// with an option in the first place, or with an unknown command and --help the usage is printed.
[[nodiscard]] int dispatch(std::string_view group, std::string_view usage, std::span<const Command> commands,
                           Arguments arguments, Console& console);

}  // namespace kes::cli
