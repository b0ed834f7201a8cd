#pragma once

#include <kes/plugin.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace kes::keystore {

// The function every plugin exports.
inline constexpr const char* kEntry = "kes_plugin_entry_v0";

// Whether what the plugin in the file at `path` says about itself can be worked with, and is about the plugin
// `id`. Reads nothing beyond the `struct_size` of each struct.
[[nodiscard]] base::Outcome<void> checkDescription(const kes_plugin_v0& plugin, std::string_view id,
                                                   const std::string& path);

// What to say where the plugin speaks another major version of the interface.
[[nodiscard]] std::string majorMismatch(const std::string& path, std::uint64_t major);

}  // namespace kes::keystore
