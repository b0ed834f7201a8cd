#include "cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/encoding.h"
#include "cli/password.h"
#include "cli/style.h"

namespace kes::cli {

Console processConsole() {
  return Console{
      .out = std::cout,
      .err = std::cerr,
      .outIsTerminal = ::isatty(STDOUT_FILENO) == 1,
      .errIsTerminal = ::isatty(STDERR_FILENO) == 1,
      .environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
      },
      .askPassword = askPassword,
  };
}

int fail(Console& console, std::string_view text) {
  const Style style = Style::forErrors(console);
  console.err << fmt::format("{}{}\n", style.paint(Role::error, "Error: "), printable(text)) << std::flush;
  return kExitFailure;
}

int showUsage(Console& console, std::string_view usage) {
  console.err << usage << std::flush;
  return kExitUsage;
}

std::string printable(std::string_view text) {
  std::string clean = base::toValidUtf8(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F) clean[i] = '?';
    // U+0080 … U+009F, the C1 controls, are 0xC2 and one more byte in UTF-8.
    if (byte == 0xC2 && static_cast<unsigned char>(clean[i + 1]) < 0xA0) clean.replace(i, 2, "?");
  }
  return clean;
}

}  // namespace kes::cli
