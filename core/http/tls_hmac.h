#pragma once

#include <openssl/core_dispatch.h>
#include <openssl/sha.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace kes::http {

// The digests of TLS's key schedule.
enum class TlsDigest : std::uint8_t { sha256, sha384 };

constexpr std::size_t kLargestTlsDigest = 48;

// By any of OpenSSL's names for it.
[[nodiscard]] std::optional<TlsDigest> tlsDigestNamed(std::string_view name) noexcept;
[[nodiscard]] constexpr std::size_t sizeOf(TlsDigest digest) noexcept {
  return digest == TlsDigest::sha256 ? 32 : 48;
}
[[nodiscard]] constexpr std::size_t blockSizeOf(TlsDigest digest) noexcept {
  return digest == TlsDigest::sha256 ? 64 : 128;
}

// A hash in progress. OpenSSL's low-level functions: the EVP interface takes as long as hashing a block, and
// allocates.
class TlsHash {
 public:
  explicit TlsHash(TlsDigest digest) noexcept;
  TlsHash(const TlsHash&) = default;
  TlsHash& operator=(const TlsHash&) = default;
  ~TlsHash();

  void add(base::ByteView bytes) noexcept;
  // Writes as many bytes as the digest has.
  void finish(std::uint8_t* out) noexcept;
  [[nodiscard]] TlsDigest digest() const noexcept { return digest_; }

 private:
  TlsDigest digest_;
  union {
    SHA256_CTX sha256;
    SHA512_CTX sha384;
  };
};

// HMAC (RFC 2104) in progress.
class TlsHmac {
 public:
  TlsHmac(TlsDigest digest, base::ByteView key) noexcept;

  void add(base::ByteView message) noexcept { inner_.add(message); }
  void finish(std::uint8_t* out) noexcept;

 private:
  TlsHash inner_;
  TlsHash outer_;
};

// The same for OpenSSL, as the functions of a provider's EVP_MAC "HMAC".
[[nodiscard]] const OSSL_DISPATCH* tlsHmacFunctions() noexcept;

}  // namespace kes::http
