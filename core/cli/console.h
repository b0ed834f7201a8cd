#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace kes::cli {

// The value of an environment variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

// What a command sees of the world around the process.
struct Console {
  std::ostream& out;
  std::ostream& err;
  bool outIsTerminal = false;
  bool errIsTerminal = false;
  Environment environment = {};
  // Asks a person for a password, which does not appear on the screen.
  std::function<base::Outcome<base::Secret>(std::string_view prompt)> askPassword = {};
};

// The process' own STDOUT, STDERR, environment and terminal.
[[nodiscard]] Console processConsole();

// Prints "Error: <text>" as one line on STDERR; for returning from a command.
[[nodiscard]] int fail(Console& console, std::string_view text);
// Prints a usage text on STDERR; for returning from a command.
[[nodiscard]] int showUsage(Console& console, std::string_view usage);

// `text` with everything that could steer a terminal replaced: what a server says is not to be trusted.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace kes::cli
