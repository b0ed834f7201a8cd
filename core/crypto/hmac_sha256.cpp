// The SHA256_* functions are deprecated in favour of EVP, which has no way to copy a hash state without an
// allocation. Measured for a 16-byte message: HMAC() 3.3 µs, a keyed EVP_MAC_CTX re-used 0.55 µs, this
// 0.15 µs; a generate request makes one such call.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hmac_sha256.h"

#include <openssl/sha.h>

#include <array>
#include <cstring>

#include "crypto/require.h"

namespace kes::crypto {
namespace {

// The states after the key's inner and outer block.
struct Midstates {
  SHA256_CTX inner;
  SHA256_CTX outer;
};

void absorbKey(SHA256_CTX& state, base::ByteView key, std::uint8_t pad) {
  std::array<std::uint8_t, SHA256_CBLOCK> block{};
  block.fill(pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] = static_cast<std::uint8_t>(key[i] ^ pad);
  SHA256_Init(&state);
  SHA256_Update(&state, block.data(), block.size());
  base::wipe(block);
}

}  // namespace

HmacSha256::HmacSha256(base::ByteView key) : midstates_(sizeof(Midstates)) {
  require(key.size() <= SHA256_CBLOCK, "HMAC key longer than a block");
  Midstates states;
  absorbKey(states.inner, key, 0x36);
  absorbKey(states.outer, key, 0x5c);
  std::memcpy(midstates_.revealMutable().data(), &states, sizeof(states));
  base::wipe(&states, sizeof(states));
}

void HmacSha256::compute(base::ByteView message, std::span<std::uint8_t, 32> out) const noexcept {
  Midstates states;
  std::memcpy(&states, midstates_.reveal().data(), sizeof(states));
  SHA256_Update(&states.inner, message.data(), message.size());
  SHA256_Final(out.data(), &states.inner);
  SHA256_Update(&states.outer, out.data(), out.size());
  SHA256_Final(out.data(), &states.outer);
  base::wipe(&states, sizeof(states));
}

}  // namespace kes::crypto
