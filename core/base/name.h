#pragma once

#include <string_view>

namespace kes::base {

// The longest name of a key, policy or identity, in bytes.
inline constexpr std::size_t kMaxNameSize = 80;

// A name of a key, policy or identity: 1 … 80 bytes of [0-9A-Za-z_-], `-` neither first nor last, not "_"
// alone (docs/protocol/http.md, "Names and patterns").
[[nodiscard]] bool isValidName(std::string_view name) noexcept;

// A pattern of a listing: 0 … 80 bytes as in a name, and one `*` as the last character; "_" alone is not one.
[[nodiscard]] bool isValidPattern(std::string_view pattern) noexcept;

}  // namespace kes::base
