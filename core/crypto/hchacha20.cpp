#include "crypto/hchacha20.h"

#include <array>
#include <bit>

#include "base/secret.h"

// OpenSSL has ChaCha20 but not this half of it, so that the rounds of RFC 8439 §2.1 – 2.3 stand here once.

namespace kes::crypto {
namespace {

using State = std::array<std::uint32_t, 16>;

std::uint32_t load(const std::uint8_t* bytes) noexcept {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

void store(std::uint32_t word, std::uint8_t* bytes) noexcept {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

void quarterRound(State& s, std::size_t a, std::size_t b, std::size_t c, std::size_t d) noexcept {
  s[a] += s[b], s[d] = std::rotl(s[d] ^ s[a], 16);
  s[c] += s[d], s[b] = std::rotl(s[b] ^ s[c], 12);
  s[a] += s[b], s[d] = std::rotl(s[d] ^ s[a], 8);
  s[c] += s[d], s[b] = std::rotl(s[b] ^ s[c], 7);
}

}  // namespace

void hchacha20(std::span<const std::uint8_t, 32> key, std::span<const std::uint8_t, 16> input,
               std::span<std::uint8_t, 32> subKey) noexcept {
  State state = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (std::size_t i = 0; i < 8; ++i) state[4 + i] = load(&key[4 * i]);
  for (std::size_t i = 0; i < 4; ++i) state[12 + i] = load(&input[4 * i]);
  for (int doubleRound = 0; doubleRound < 10; ++doubleRound) {
    quarterRound(state, 0, 4, 8, 12);
    quarterRound(state, 1, 5, 9, 13);
    quarterRound(state, 2, 6, 10, 14);
    quarterRound(state, 3, 7, 11, 15);
    quarterRound(state, 0, 5, 10, 15);
    quarterRound(state, 1, 6, 11, 12);
    quarterRound(state, 2, 7, 8, 13);
    quarterRound(state, 3, 4, 9, 14);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    store(state[i], &subKey[4 * i]);
    store(state[12 + i], &subKey[16 + 4 * i]);
  }
  base::wipe(state.data(), sizeof(state));
}

}  // namespace kes::crypto
