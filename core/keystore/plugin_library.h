#pragma once

#include <kes/plugin.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kes::keystore {

// Finds, reads, pins, loads and checks the plugin; what it describes itself as is good until the process
// ends. A plugin whose bytes were loaded before is not loaded again. `sha256` may be empty. Thread-safe,
// blocks.
[[nodiscard]] base::Outcome<const kes_plugin_v0*> loadPlugin(std::string_view id,
                                                             const std::vector<std::string>& dirs,
                                                             std::string_view sha256);

}  // namespace kes::keystore
