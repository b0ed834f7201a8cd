#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/style.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace kes::cli {

using Arguments = std::span<const std::string>;

// The grammar of one command's arguments: GNU options, mixed with positional arguments until "--". Of an
// option given twice the last counts. Every command knows -h and --help.
class CommandLine {
 public:
  // `command` as a person types it, e.g. "kes key create"; `usage` is what --help prints.
  CommandLine(std::string command, std::string usage);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  // `names` as "-k,--insecure". The targets keep their values unless the option is given.
  CommandLine& flag(const std::string& names, bool& target);
  CommandLine& option(const std::string& names, std::optional<std::string>& target);
  // May be given several times, and may hold several values with commas between them.
  CommandLine& list(const std::string& names, std::vector<std::string>& target);
  // --color auto|always|never
  CommandLine& color(ColorWhen& target);

  // The positional arguments, or the exit code after the usage or an error was printed.
  [[nodiscard]] std::expected<std::vector<std::string>, int> parse(Arguments arguments, Console& console);

  // "<text>. See '<command> --help'", for returning from the command.
  [[nodiscard]] int refuse(Console& console, std::string_view text) const;

 private:
  [[nodiscard]] std::vector<std::string> normalized(Arguments arguments) const;

  std::string command_;
  std::string usage_;
  std::unique_ptr<CLI::App> app_;
  bool help_ = false;
};

}  // namespace kes::cli
