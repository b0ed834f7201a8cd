#include "cli/style.h"

#include <fmt/format.h>

#include <array>

namespace kes::cli {
namespace {

struct Look {
  Role role;
  std::string_view basic;
  std::string_view full;
};

constexpr std::array kLooks = {
    Look{Role::faint, "2", "2"},
    Look{Role::heading, "4", "4"},
    Look{Role::strong, "1", "1"},
    Look{Role::endpoint, "1;36", "1;38;5;37"},  // #00afaf
    Look{Role::alive, "1;32", "1;38;5;46"},     // #00ff00
    Look{Role::route, "36", "38;5;31"},         // #0087af
    Look{Role::error, "31", "38;5;124"},        // #af0000
    Look{Role::label, "1;2", "1;2"},
    Look{Role::title, "1;4", "1;4"},
    Look{Role::identity, "34", "38;5;26"},      // #005fd7
    Look{Role::policy, "33", "38;5;178"},       // #d7af00
    Look{Role::allow, "1;32", "1;38;5;34"},     // #00af00
    Look{Role::deny, "1;31", "1;38;5;160"},     // #d70000
    Look{Role::warning, "1;33", "1;38;5;220"},  // #ffd700
    Look{Role::failure, "1;31", "1;38;5;196"},  // #ff0000
};

constexpr bool ordered() {
  for (std::size_t i = 0; i < kLooks.size(); ++i) {
    if (static_cast<std::size_t>(kLooks[i].role) != i) return false;
  }
  return true;
}
static_assert(ordered(), "looks are indexed by Role");

}  // namespace

Style Style::forOutput(const Console& console, ColorWhen when) {
  if (when == ColorWhen::always) return Style(Depth::full);
  if (when == ColorWhen::never) return Style(Depth::none);
  return Style(depthOf(console, console.outIsTerminal));
}

Style Style::forErrors(const Console& console) {
  return Style(depthOf(console, console.errIsTerminal));
}

Style::Depth Style::depthOf(const Console& console, bool isTerminal) {
  const auto variable = [&](const char* name) { return console.environment(name).value_or(""); };
  const std::string force = variable("CLICOLOR_FORCE");
  if (!variable("NO_COLOR").empty()) return Depth::none;
  const bool forced = !force.empty() && force != "0";
  if (!forced && (!isTerminal || variable("CLICOLOR") == "0")) return Depth::none;

  const std::string term = variable("TERM");
  const std::string color = variable("COLORTERM");
  if (term.contains("256color") || color == "truecolor" || color == "24bit") return Depth::full;
  if (forced) return Depth::basic;
  return term.empty() || term == "dumb" ? Depth::none : Depth::basic;
}

std::string Style::paint(Role role, std::string_view text) const {
  if (depth_ == Depth::none) return std::string(text);
  const Look& look = kLooks[static_cast<std::size_t>(role)];
  return fmt::format("\x1b[{}m{}\x1b[0m", depth_ == Depth::full ? look.full : look.basic, text);
}

}  // namespace kes::cli
