#pragma once

#include <cstdint>
#include <span>

namespace kes::crypto {

// HChaCha20 (draft-irtf-cfrg-xchacha-03 §2.2): a 32-byte sub-key from a key and 16 bytes of input.
void hchacha20(std::span<const std::uint8_t, 32> key, std::span<const std::uint8_t, 16> input,
               std::span<std::uint8_t, 32> subKey) noexcept;

}  // namespace kes::crypto
