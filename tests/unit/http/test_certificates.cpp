#include "unit/http/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

#include "base/encoding.h"

namespace kes::http::test {
namespace {

void addExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) throw std::runtime_error("bad certificate extension: " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

KeyPtr makeKey(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    case KeyType::p256:
      return KeyPtr(EVP_EC_gen("P-256"));
    case KeyType::p521:
      return KeyPtr(EVP_EC_gen("P-521"));
    case KeyType::rsa2048:
      return KeyPtr(EVP_RSA_gen(2048));
  }
  return nullptr;
}

std::string identityOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  base::Bytes digest(32);
  EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return base::encodeHex(digest);
}

std::string Credential::identity() const {
  return identityOf(certificate.get());
}

std::string Credential::pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(out.get(), certificate.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Credential makeCredential(const CertificateSpec& spec) {
  static std::atomic<long> serial = 1;
  Credential made{makeKey(spec.keyType), CertificatePtr(X509_new())};
  auto* certificate = made.certificate.get();
  auto* issuer = spec.issuer != nullptr ? spec.issuer->certificate.get() : certificate;
  auto* issuerKey = spec.issuer != nullptr ? spec.issuer->key.get() : made.key.get();

  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), spec.validFromSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), spec.validForSeconds);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(spec.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  X509_set_pubkey(certificate, made.key.get());
  addExtension(certificate, issuer, NID_basic_constraints,
               spec.isCa ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!spec.extendedKeyUsage.empty())
    addExtension(certificate, issuer, NID_ext_key_usage, spec.extendedKeyUsage);

  const int type = EVP_PKEY_get_base_id(issuerKey);
  X509_sign(certificate, issuerKey, type == EVP_PKEY_ED25519 ? nullptr : EVP_sha256());
  return made;
}

const Credential& serverCredential() {
  static const Credential credential =
      makeCredential({.keyType = KeyType::p256, .name = "localhost", .extendedKeyUsage = "serverAuth"});
  return credential;
}

}  // namespace kes::http::test
