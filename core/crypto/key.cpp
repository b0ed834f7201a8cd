#include "crypto/key.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <utility>

#include "crypto/random.h"
#include "crypto/require.h"

namespace kes::crypto {
namespace {

bool cpuHasAesGcm() noexcept {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0;
#elif defined(__aarch64__)
  const unsigned long features = ::getauxval(AT_HWCAP);
  return (features & HWCAP_AES) != 0 && (features & HWCAP_PMULL) != 0;
#elif defined(__powerpc64__)
  return true;  // POWER8, the oldest that 64-bit little-endian Linux runs on, has vcipher and vpmsum
#else
  return false;
#endif
}

}  // namespace

std::string_view algorithmName(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::aes256 ? "AES256" : "ChaCha20";
}

std::optional<Algorithm> parseAlgorithm(std::string_view name) noexcept {
  if (name == "AES256" || name == "AES256-GCM_SHA256") return Algorithm::aes256;
  if (name == "ChaCha20" || name == "XCHACHA20-POLY1305") return Algorithm::chacha20;
  return {};
}

Algorithm preferredAlgorithm() noexcept {
  static const bool hasAesGcm = cpuHasAesGcm();
  return hasAesGcm ? Algorithm::aes256 : Algorithm::chacha20;
}

StoredKey generateKey(std::string createdBy) {
  return importKey(preferredAlgorithm(), randomSecret(kKeySize), std::move(createdBy));
}

StoredKey importKey(Algorithm algorithm, base::Secret key, std::string createdBy) {
  require(key.size() == kKeySize, "imported key of the wrong size");
  return {.algorithm = algorithm,
          .algorithmRecorded = true,
          .key = std::move(key),
          .hmacKey = randomSecret(kKeySize),
          .createdAt = base::Timestamp::now(),
          .createdBy = std::move(createdBy)};
}

}  // namespace kes::crypto
