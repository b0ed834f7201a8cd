#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "crypto/key.h"

namespace kes::crypto {

inline constexpr std::size_t kNonceSize = 12;
inline constexpr std::size_t kTagSize = 16;

using SubKey = std::span<const std::uint8_t, kKeySize>;
using Nonce = std::span<const std::uint8_t, kNonceSize>;

// AES-256-GCM (NIST SP 800-38D) for Algorithm::aes256, ChaCha20-Poly1305 (RFC 8439) for Algorithm::chacha20.
// A pair of key and nonce must seal once only. [any-thread]; neither call blocks, and neither allocates but
// for a thread's first use of an algorithm. What OpenSSL has made of the key stays with the thread until its
// next message, or until it forgets it.

// Writes plaintext.size() + kTagSize bytes to `sealed`. False when the library fails.
[[nodiscard]] bool aeadSeal(Algorithm algorithm, SubKey key, Nonce nonce, base::ByteView plaintext,
                            base::ByteView associatedData, base::ByteSpan sealed) noexcept;

// Writes sealed.size() - kTagSize bytes to `plaintext`, which may be the memory of `sealed` but must not
// overlap it otherwise. False, with those bytes wiped, when `sealed` is not authentic.
[[nodiscard]] bool aeadOpen(Algorithm algorithm, SubKey key, Nonce nonce, base::ByteView sealed,
                            base::ByteView associatedData, base::ByteSpan plaintext) noexcept;

// Overwrites what this thread has left of the keys of its messages. As dear as a message, so a thread with
// many to do calls it after the last one.
void forgetMessageKeys() noexcept;

}  // namespace kes::crypto
