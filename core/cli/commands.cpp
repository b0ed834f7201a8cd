#include "cli/commands.h"

#include <fmt/format.h>

#include <algorithm>

namespace kes::cli {

const Command* findCommand(std::span<const Command> commands, std::string_view name) {
  const auto it = std::ranges::find(commands, name, &Command::name);
  return it == commands.end() ? nullptr : &*it;
}

bool asksForHelp(Arguments arguments) {
  const auto mark = std::ranges::find(arguments, "--");
  return std::any_of(arguments.begin(), mark,
                     [](const std::string& argument) { return argument == "-h" || argument == "--help"; });
}

int dispatch(std::string_view group, std::string_view usage, std::span<const Command> commands,
             Arguments arguments, Console& console) {
  if (arguments.empty()) return showUsage(console, usage);
  if (const Command* command = findCommand(commands, arguments.front())) {
    return command->run(arguments.subspan(1), console);
  }
  if (asksForHelp(arguments)) return showUsage(console, usage);
  CommandLine line{std::string(group), std::string(usage)};
  const auto rest = line.parse(arguments, console);
  if (!rest) return rest.error();
  const std::string_view noun = group.substr(group.rfind(' ') + 1);
  return line.refuse(console,
                     fmt::format("\"{}\" is not a {} command", rest->empty() ? "" : rest->front(), noun));
}

}  // namespace kes::cli
