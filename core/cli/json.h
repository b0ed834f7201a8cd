#pragma once

#include <string>
#include <string_view>

namespace kes::cli {

// `text` as a JSON string, quotes included, with `<`, `>` and `&` escaped as KES prints them.
[[nodiscard]] std::string jsonString(std::string_view text);

// A compact JSON text with line breaks, and two spaces per level.
[[nodiscard]] std::string indentJson(std::string_view compact);

}  // namespace kes::cli
