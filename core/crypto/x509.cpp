#include "crypto/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "base/sha256.h"
#include "crypto/openssl_ptr.h"
#include "crypto/pem.h"
#include "crypto/require.h"

namespace kes::crypto {
namespace {

std::unexpected<base::Failure> failIn(const std::string& file, const std::string& what) {
  ERR_clear_error();
  return base::fail("'" + file + "': " + what);
}

// SHA-256 over what an i2d function encodes `object` as.
template <typename Object, typename Encode>
std::string hashEncoded(const Object* object, Encode encode) {
  std::uint8_t* der = nullptr;
  const int size = object == nullptr ? -1 : encode(object, &der);
  require(size > 0, "a public key that was parsed cannot be encoded");
  const OpenSslMemory owner(der);
  return base::encodeHex(base::sha256({der, static_cast<std::size_t>(size)}));
}

PrivateKey decodeKey(base::ByteView der) {
  const std::uint8_t* at = der.data();
  return PrivateKey(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
}

int copyPassword(char* out, int capacity, int, void* password) noexcept {
  const auto& text = *static_cast<const std::string_view*>(password);
  if (text.size() > static_cast<std::size_t>(capacity)) return -1;
  std::memcpy(out, text.data(), text.size());
  return static_cast<int>(text.size());
}

// RFC 1423, with the key derivation that OpenSSL made customary.
PrivateKey decryptLegacy(const PemBlock& block, std::string_view password) {
  std::string header = "Proc-Type: 4,ENCRYPTED\nDEK-Info: " + block.dekInfo + "\n";
  EVP_CIPHER_INFO cipher;
  if (PEM_get_EVP_CIPHER_INFO(header.data(), &cipher) != 1) return {};
  base::Secret der = block.data.clone();
  auto size = static_cast<long>(der.size());
  if (PEM_do_header(&cipher, der.revealMutable().data(), &size, copyPassword, &password) != 1) return {};
  return decodeKey(der.reveal().first(static_cast<std::size_t>(size)));
}

PrivateKey decryptPkcs8(const PemBlock& block, std::string_view password) {
  const std::uint8_t* at = block.data.reveal().data();
  const OpenSslPtr<X509_SIG, X509_SIG_free> encrypted(
      d2i_X509_SIG(nullptr, &at, static_cast<long>(block.data.size())));
  if (!encrypted) return {};
  const OpenSslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> key(
      PKCS8_decrypt(encrypted.get(), password.data(), static_cast<int>(password.size())));
  return PrivateKey(key ? EVP_PKCS82PKEY(key.get()) : nullptr);
}

base::Outcome<PrivateKey> decodeBlock(const std::string& file, const PemBlock& block,
                                      std::string_view password) {
  if (!block.isEncrypted()) {
    PrivateKey key = decodeKey(block.data.reveal());
    if (!key) return failIn(file, "the block '" + block.type + "' is no private key that can be read");
    return key;
  }
  if (password.empty()) return failIn(file, "private key is encrypted: password required");
  PrivateKey key = block.dekInfo.empty() ? decryptPkcs8(block, password) : decryptLegacy(block, password);
  if (!key) return failIn(file, "private key cannot be decrypted: incorrect password");
  return key;
}

// The first private key of a file that may hold certificates beside it.
base::Outcome<PemBlock> findPrivateKey(const std::string& file) {
  auto blocks = readPemFile(file);
  if (!blocks) return std::unexpected(blocks.error());
  for (PemBlock& block : *blocks) {
    if (block.isPrivateKey()) return std::move(block);
    if (block.type != "CERTIFICATE") {
      return failIn(file, "unsupported PEM data block '" + block.type +
                              "': a key file may hold PRIVATE KEY and CERTIFICATE blocks");
    }
  }
  return failIn(file, "it holds no private key");
}

}  // namespace

std::string identityOf(const X509* certificate) {
  return hashEncoded(X509_get_X509_PUBKEY(certificate), i2d_X509_PUBKEY);
}

std::string identityOf(const EVP_PKEY* key) {
  return hashEncoded(key, i2d_PUBKEY);
}

bool isCertificateAuthority(X509* certificate) noexcept {
  int state = 0;
  const OpenSslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(
      static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_basic_constraints, &state, nullptr)));
  if (constraints) return constraints->ca != 0;
  ERR_clear_error();
  // An extension that is there but cannot be read may say CA:TRUE.
  constexpr int kAbsent = -1;
  return state != kAbsent;
}

bool hasSubjectAlternativeName(X509* certificate) noexcept {
  const OpenSslPtr<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) ERR_clear_error();
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const int type = sk_GENERAL_NAME_value(names.get(), i)->type;
    if (type == GEN_DNS || type == GEN_IPADD) return true;
  }
  return false;
}

Certificate decodeCertificate(base::ByteView der) noexcept {
  const std::uint8_t* at = der.data();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) certificate.reset();
  ERR_clear_error();
  return certificate;
}

base::Outcome<std::vector<Certificate>> readCertificates(const std::string& file) {
  const auto blocks = readPemFile(file);
  if (!blocks) return std::unexpected(blocks.error());
  std::vector<Certificate> certificates;
  for (const PemBlock& block : *blocks) {
    if (block.type != "CERTIFICATE") {
      return failIn(file, "unsupported PEM data block '" + block.type +
                              "': a certificate file may hold CERTIFICATE blocks only");
    }
    Certificate certificate = decodeCertificate(block.data.reveal());
    if (!certificate) {
      return failIn(
          file, "certificate " + std::to_string(certificates.size() + 1) + " in it is no X.509 certificate");
    }
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

base::Outcome<PrivateKey> readPrivateKey(const std::string& file, std::string_view password) {
  const auto block = findPrivateKey(file);
  if (!block) return std::unexpected(block.error());
  auto key = decodeBlock(file, *block, password);
  ERR_clear_error();  // OpenSSL tries one format after the other and notes each that fails
  return key;
}

base::Outcome<bool> isPrivateKeyEncrypted(const std::string& file) {
  const auto block = findPrivateKey(file);
  if (!block) return std::unexpected(block.error());
  return block->isEncrypted();
}

base::Outcome<KeyPair> readKeyPair(const std::string& certificateFile, const std::string& keyFile,
                                   std::string_view password) {
  auto certificates = readCertificates(certificateFile);
  if (!certificates) return std::unexpected(certificates.error());
  auto key = readPrivateKey(keyFile, password);
  if (!key) return std::unexpected(key.error());
  if (X509_check_private_key(certificates->front().get(), key->get()) != 1) {
    return failIn(keyFile,
                  "the private key does not belong to the first certificate in '" + certificateFile + "'");
  }
  KeyPair pair{.key = std::move(*key), .certificate = std::move(certificates->front()), .chain = {}};
  certificates->erase(certificates->begin());
  pair.chain = std::move(*certificates);
  return pair;
}

}  // namespace kes::crypto
