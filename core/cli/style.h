#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/console.h"

namespace kes::cli {

enum class ColorWhen : std::uint8_t { automatic, always, never };

// What a piece of output is; how it looks follows from it.
enum class Role : std::uint8_t {
  faint,
  heading,
  strong,
  endpoint,
  alive,
  route,
  error,
  label,
  title,
  identity,
  policy,
  allow,
  deny,
  warning,
  failure,
};

// Whether output is coloured, and how much the terminal can show (ECMA-48 SGR sequences).
class Style {
 public:
  // For STDOUT. `always` counts more than the environment; otherwise NO_COLOR, CLICOLOR_FORCE, CLICOLOR and
  // TERM do what terminal programs commonly make of them.
  [[nodiscard]] static Style forOutput(const Console& console, ColorWhen when);
  // For STDERR.
  [[nodiscard]] static Style forErrors(const Console& console);
  [[nodiscard]] static Style plain() noexcept { return Style(Depth::none); }
  [[nodiscard]] static Style full() noexcept { return Style(Depth::full); }

  [[nodiscard]] std::string paint(Role role, std::string_view text) const;

 private:
  enum class Depth : std::uint8_t { none, basic, full };  // no colours, 16, 256

  explicit Style(Depth depth) noexcept : depth_(depth) {}
  [[nodiscard]] static Depth depthOf(const Console& console, bool isTerminal);

  Depth depth_;
};

}  // namespace kes::cli
