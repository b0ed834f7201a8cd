#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "crypto/key.h"

namespace kes::crypto {

inline constexpr std::size_t kIvSize = 16;

// A ciphertext of any era, taken apart (docs/protocol/ciphertext.md).
struct Ciphertext {
  // Output of the AEAD: encrypted bytes and tag. Either part of the text that was parsed, or at the very
  // front of `scratch`.
  base::ByteView sealed;
  std::array<std::uint8_t, kIvSize> iv;
  std::array<std::uint8_t, kNonceSize> nonce;
  // What the structured eras say they were made with. The key decides, not this.
  std::optional<Algorithm> marker;
};

// Tells the eras apart by the first byte; what does not parse as the structured form that it begins like is
// raw. Nothing when it is too short to be authentic. `scratch` must be as large as `text` and apart from it.
[[nodiscard]] std::optional<Ciphertext> parseCiphertext(base::ByteView text, base::ByteSpan scratch) noexcept;

}  // namespace kes::crypto
