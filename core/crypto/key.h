#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/time.h"

namespace kes::crypto {

inline constexpr std::size_t kKeySize = 32;
inline constexpr std::size_t kHmacSize = 32;
// Every ciphertext is this much longer than its plaintext: tag 16, IV 16, nonce 12
// (docs/protocol/ciphertext.md).
inline constexpr std::size_t kCiphertextOverhead = 44;

// The numbers are those of the stored key (docs/protocol/stored-key.md).
enum class Algorithm : std::uint32_t { aes256 = 1, chacha20 = 2 };

// "AES256" or "ChaCha20".
[[nodiscard]] std::string_view algorithmName(Algorithm algorithm) noexcept;
// Accepts the canonical names and the older "AES256-GCM_SHA256" and "XCHACHA20-POLY1305", case-sensitively.
[[nodiscard]] std::optional<Algorithm> parseAlgorithm(std::string_view name) noexcept;
// What a created key uses on this machine: AES256 where the CPU has AES-GCM instructions, else ChaCha20.
[[nodiscard]] Algorithm preferredAlgorithm() noexcept;

// A key as a key store holds it: the decoded form of the blob.
struct StoredKey {
  Algorithm algorithm = Algorithm::aes256;
  // False only for keys of the JSON eras without `algorithm`: such a key is AES256, but a ciphertext's own
  // marker may name ChaCha20.
  bool algorithmRecorded = true;
  base::Secret key;                     // 32 bytes
  std::optional<base::Secret> hmacKey;  // 32 bytes; absent in the JSON eras
  base::Timestamp createdAt;
  std::string createdBy;  // identity, or empty when unknown
};

// Fresh key and HMAC key of the preferred algorithm, created now by `createdBy`.
[[nodiscard]] StoredKey generateKey(std::string createdBy);
// A key with the given secret (32 bytes) and a fresh HMAC key.
[[nodiscard]] StoredKey importKey(Algorithm algorithm, base::Secret key, std::string createdBy);

// What a server can do with a key. An interface, so that keys that never leave an HSM fit later.
// [any-thread]; none of the calls blocks or allocates.
class Key {
 public:
  virtual ~Key() = default;

  [[nodiscard]] virtual Algorithm algorithm() const noexcept = 0;
  [[nodiscard]] virtual base::Timestamp createdAt() const noexcept = 0;
  [[nodiscard]] virtual const std::string& createdBy() const noexcept = 0;
  [[nodiscard]] virtual bool hasHmac() const noexcept = 0;

  // Encrypts with fresh IV and nonce; `ciphertext` must be plaintext.size() + kCiphertextOverhead bytes and
  // must not overlap `plaintext`. False when the cryptographic library fails.
  [[nodiscard]] virtual bool seal(base::ByteView plaintext, base::ByteView associatedData,
                                  base::ByteSpan ciphertext) const noexcept = 0;

  // Opens a ciphertext of any era. `plaintext` must hold ciphertext.size() bytes; returns the size of the
  // plaintext, or nothing when the ciphertext is not authentic, in which case `plaintext` holds nothing of
  // it. `ciphertext` is decoded in place where it is of a structured era.
  [[nodiscard]] virtual std::optional<std::size_t> open(base::ByteView ciphertext,
                                                        base::ByteView associatedData,
                                                        base::ByteSpan plaintext) const noexcept = 0;

  // HMAC-SHA256 of `message`; false when the key has no HMAC key or the library fails.
  [[nodiscard]] virtual bool hmac(base::ByteView message,
                                  std::span<std::uint8_t, kHmacSize> out) const noexcept = 0;
};

// The key as an object that works in this process' memory, its key schedules precomputed in the secret arena.
[[nodiscard]] std::shared_ptr<const Key> makeSoftwareKey(StoredKey stored);

}  // namespace kes::crypto
