#pragma once

#include <string_view>

namespace kes::server {

// The time of the commit this was built from, as KES writes versions: "2024-09-11T07-22-50Z"; "<unknown>"
// outside a checkout.
[[nodiscard]] std::string_view version() noexcept;
// The commit itself, or "<unknown>".
[[nodiscard]] std::string_view commit() noexcept;

}  // namespace kes::server
