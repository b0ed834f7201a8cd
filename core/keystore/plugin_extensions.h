#pragma once

#include <string_view>

namespace kes::keystore {

// The host's table of functions for an extension id of kes/ext/, or null. The tables are constant; the host
// that comes as their first argument must be a PluginHost.
[[nodiscard]] const void* hostExtension(std::string_view id) noexcept;

}  // namespace kes::keystore
