#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace kes::base {

using Sha256 = std::array<std::uint8_t, 32>;

// SHA-256 (FIPS 180-4). Keeps no copy of `bytes`, so they may be secret.
[[nodiscard]] Sha256 sha256(ByteView bytes) noexcept;

}  // namespace kes::base
