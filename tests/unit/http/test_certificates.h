#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace kes::http::test {

struct OpenSslFree {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree>;
using CertificatePtr = std::unique_ptr<X509, OpenSslFree>;

enum class KeyType { ed25519, p256, p521, rsa2048 };
[[nodiscard]] KeyPtr makeKey(KeyType type);

// A key with its certificate.
struct Credential {
  KeyPtr key;
  CertificatePtr certificate;

  // Lower-case hex SHA-256 of the SubjectPublicKeyInfo.
  [[nodiscard]] std::string identity() const;
  [[nodiscard]] std::string pem() const;
};
[[nodiscard]] std::string identityOf(X509* certificate);

struct CertificateSpec {
  KeyType keyType = KeyType::ed25519;
  std::string name = "test";
  bool isCa = false;
  std::string extendedKeyUsage = {};   // e.g. "clientAuth", empty = no such extension
  long validFromSeconds = -3600;       // relative to now
  long validForSeconds = 3600;         // relative to now
  const Credential* issuer = nullptr;  // null = self-signed
};
[[nodiscard]] Credential makeCredential(const CertificateSpec& spec);

// The server certificate that all tests share.
[[nodiscard]] const Credential& serverCredential();

}  // namespace kes::http::test
