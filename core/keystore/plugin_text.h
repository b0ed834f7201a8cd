#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kes::keystore {

// Text from a plugin, fit for one line of a log: control characters escaped, ill-formed UTF-8 replaced, cut
// to KES_MAX_TEXT bytes.
[[nodiscard]] std::string logText(std::string_view text);

// 1 … KES_MAX_NAME bytes of well-formed UTF-8 without control characters.
[[nodiscard]] bool isListableName(std::string_view name);

// [a-z][a-z0-9-]{0,31}
[[nodiscard]] bool isPluginId(std::string_view id) noexcept;

}  // namespace kes::keystore
