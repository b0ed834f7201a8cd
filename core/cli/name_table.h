#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/style.h"

namespace kes::cli {

// Names under a heading, as in "Key", one in a line; nothing when there are none. `names` are sorted.
[[nodiscard]] std::string nameTable(std::string_view heading, std::span<const std::string> names,
                                    const Style& style);

}  // namespace kes::cli
