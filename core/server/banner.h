#pragma once

#include <string>

#include "server/settings.h"

namespace kes::server {

// What a starting server tells about itself on stdout, one labelled line each, without the final "up and
// running".
[[nodiscard]] std::string banner(const Settings& settings, const std::string& storeDescription,
                                 std::uint16_t port, bool memoryLocked);

}  // namespace kes::server
