#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <system_error>

#include "base/secret.h"

namespace kes::base {

// The content of a file or pipe. Fails with the system's error, and with file_too_large where there are more
// than `limit` bytes. Blocks.
[[nodiscard]] std::expected<Secret, std::error_code> readFile(const std::string& file, std::size_t limit);

}  // namespace kes::base
