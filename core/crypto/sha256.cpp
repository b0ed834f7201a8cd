#include "crypto/sha256.h"

#include <openssl/sha.h>

#include <array>

#include "base/encoding.h"

namespace kes::crypto {

std::string sha256Hex(base::ByteView bytes) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  return base::encodeHex(digest);
}

}  // namespace kes::crypto
