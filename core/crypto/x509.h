#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace kes::crypto {

struct OpenSslFree {
  void operator()(X509* x) const noexcept { X509_free(x); }
  void operator()(EVP_PKEY* k) const noexcept { EVP_PKEY_free(k); }
};
using Certificate = std::unique_ptr<X509, OpenSslFree>;
using PrivateKey = std::unique_ptr<EVP_PKEY, OpenSslFree>;

// A certificate with the key that proves it; `chain` holds the issuers that are sent along, nearest first.
struct KeyPair {
  PrivateKey key;
  Certificate certificate;
  std::vector<Certificate> chain;
};

// The identity of a certificate: lower-case hex SHA-256 of its DER SubjectPublicKeyInfo, 64 characters.
[[nodiscard]] std::string identityOf(const X509* certificate);
// The identity that every certificate for this key has.
[[nodiscard]] std::string identityOf(const EVP_PKEY* key);
// True for basicConstraints CA:TRUE.
[[nodiscard]] bool isCertificateAuthority(X509* certificate) noexcept;

// The certificate in DER, with nothing behind it; null for anything else.
[[nodiscard]] Certificate decodeCertificate(base::ByteView der) noexcept;

// Reads PEM. The certificate file may hold CERTIFICATE blocks only; in the key file the first private key
// counts, and CERTIFICATE blocks are passed over. A key encrypted per RFC 1423 (or PKCS#8) is decrypted with
// `password`. Failures name the file and what to do about it.
[[nodiscard]] base::Outcome<std::vector<Certificate>> readCertificates(const std::string& file);
[[nodiscard]] base::Outcome<PrivateKey> readPrivateKey(const std::string& file, std::string_view password);
// True when the first private key in the PEM file is encrypted, so that a password is needed.
[[nodiscard]] base::Outcome<bool> isPrivateKeyEncrypted(const std::string& file);
[[nodiscard]] base::Outcome<KeyPair> readKeyPair(const std::string& certificateFile,
                                                 const std::string& keyFile, std::string_view password);
// True when the certificate has at least one DNS or IP subject alternative name.
[[nodiscard]] bool hasSubjectAlternativeName(X509* certificate) noexcept;

// What a new self-signed certificate says.
struct CertificateTemplate {
  std::string commonName;
  std::vector<std::string> dnsNames;
  std::vector<std::string> ipAddresses;  // IP literals
  std::chrono::seconds lifetime{0};
  bool clientAuth = false;
  bool serverAuth = false;
};
// Random 128-bit serial, valid from now, critical keyUsage digitalSignature, basicConstraints CA:FALSE.
[[nodiscard]] base::Outcome<Certificate> selfSign(const CertificateTemplate& what, EVP_PKEY* key);
[[nodiscard]] PrivateKey generateP256();

[[nodiscard]] std::string toPem(X509* certificate);
// PKCS#8; encrypted per RFC 1423 with AES-256-CBC under block type PRIVATE KEY when `password` is not empty.
[[nodiscard]] base::Outcome<base::Secret> toPem(EVP_PKEY* key, std::string_view password);

}  // namespace kes::crypto
