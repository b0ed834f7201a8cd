#include "crypto/api_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/encoding.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "crypto/require.h"

namespace kes::crypto {
namespace {

constexpr std::string_view kPrefix = "kes:v1:";
constexpr std::uint8_t kEd25519 = 0;
constexpr std::size_t kSeedSize = 32;
constexpr std::size_t kEncodedSize = 1 + kSeedSize;
constexpr std::chrono::days kLifetime{90};

std::unexpected<base::Failure> invalid(std::string_view why) {
  return base::fail("kes: invalid API key: " + std::string(why));
}

}  // namespace

ApiKey ApiKey::generate() {
  return ApiKey(randomSecret(kSeedSize));
}

base::Outcome<ApiKey> ApiKey::parse(std::string_view text) {
  if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
  // Longer text cannot be a key, however many line breaks it holds.
  if (text.size() > 4 * base::base64Size(kEncodedSize)) return invalid("invalid length");
  base::Secret bytes(base::base64DecodedBound(text.size()));
  const auto size = base::decodeBase64(text, bytes.revealMutable().data());
  if (!size) return invalid("it is not base64");
  if (*size != kEncodedSize) return invalid("invalid length");
  if (bytes.reveal().front() != kEd25519) return invalid("unsupported type");
  return ApiKey(base::Secret::copyOf(bytes.reveal().subspan(1, kSeedSize)));
}

base::Outcome<ApiKey> ApiKey::fromPrivateKey(EVP_PKEY* key) {
  base::Secret seed(kSeedSize);
  std::size_t size = seed.size();
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(key, seed.revealMutable().data(), &size) != 1) {
    return base::fail("only ed25519 private keys are supported");
  }
  return ApiKey(std::move(seed));
}

std::string ApiKey::identity() const {
  return identityOf(privateKey().get());
}

std::string ApiKey::text() const {
  base::Secret bytes(kEncodedSize);
  const base::ByteSpan all = bytes.revealMutable();
  all.front() = kEd25519;
  std::ranges::copy(seed_.reveal(), all.begin() + 1);
  std::string text(kPrefix.size() + base::base64Size(kEncodedSize), '\0');
  kPrefix.copy(text.data(), kPrefix.size());
  base::encodeBase64(bytes.reveal(), text.data() + kPrefix.size());
  return text;
}

PrivateKey ApiKey::privateKey() const {
  PrivateKey key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed_.reveal().data(), seed_.size()));
  require(key != nullptr, "OpenSSL has no Ed25519");
  return key;
}

base::Outcome<KeyPair> ApiKey::clientCertificate() const {
  PrivateKey key = privateKey();
  const CertificateTemplate what{.commonName = identityOf(key.get()),
                                 .dnsNames = {},
                                 .ipAddresses = {},
                                 .lifetime = kLifetime,
                                 .clientAuth = true,
                                 .serverAuth = false};
  auto certificate = selfSign(what, key.get());
  if (!certificate) return std::unexpected(certificate.error());
  return KeyPair{.key = std::move(key), .certificate = std::move(*certificate), .chain = {}};
}

}  // namespace kes::crypto
