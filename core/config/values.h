#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kes::config {

// true, yes, y, on; false, no, n, off; in any case.
[[nodiscard]] std::optional<bool> parseBoolean(std::string_view text);

// Digits, and one of the units B, kB, KB, KiB, MB, MiB, GB, GiB behind them.
[[nodiscard]] std::optional<std::size_t> parseSize(std::string_view text);

// ASCII only.
[[nodiscard]] std::string toLower(std::string_view text);

// True for what can be the name of an HTTP header (RFC 9110 §5.6.2).
[[nodiscard]] bool isHeaderName(std::string_view text);

}  // namespace kes::config
