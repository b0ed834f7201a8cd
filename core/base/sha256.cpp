#include "base/sha256.h"

#include <openssl/sha.h>

namespace kes::base {

Sha256 sha256(ByteView bytes) noexcept {
  Sha256 digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

}  // namespace kes::base
