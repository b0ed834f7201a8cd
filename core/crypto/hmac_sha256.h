#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/secret.h"

namespace kes::crypto {

// HMAC-SHA256 (RFC 2104, FIPS 198-1) under one key. The two blocks that depend on the key alone are hashed
// once and kept in the secret arena. [any-thread]
class HmacSha256 {
 public:
  // At most 64 bytes, the block size of SHA-256.
  explicit HmacSha256(base::ByteView key);

  void compute(base::ByteView message, std::span<std::uint8_t, 32> out) const noexcept;

 private:
  base::Secret midstates_;
};

}  // namespace kes::crypto
