#pragma once

#include <string>

#include "base/bytes.h"

namespace kes::crypto {

// SHA-256 (FIPS 180-4) as 64 lower-case hex digits.
[[nodiscard]] std::string sha256Hex(base::ByteView bytes);

}  // namespace kes::crypto
