#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "crypto/openssl_ptr.h"
#include "crypto/random.h"
#include "crypto/require.h"
#include "crypto/x509.h"

namespace kes::crypto {
namespace {

using GeneralNames = OpenSslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using Bio = OpenSslPtr<BIO, BIO_free>;

std::unexpected<base::Failure> failCreating(const std::string& what) {
  ERR_clear_error();
  return base::fail("cannot create the certificate: " + what);
}

bool setSerial(X509* certificate) {
  std::array<std::uint8_t, 16> bytes;
  randomBytes(bytes);
  const OpenSslPtr<BIGNUM, BN_free> number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool setValidity(X509* certificate, std::chrono::seconds lifetime) {
  constexpr long kSecondsPerDay = 24 * 60 * 60;
  const long seconds = lifetime.count();
  return X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), static_cast<int>(seconds / kSecondsPerDay),
                          seconds % kSecondsPerDay, nullptr) != nullptr;
}

bool setNames(X509* certificate, const std::string& commonName) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(commonName.data());
  return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, bytes,
                                    static_cast<int>(commonName.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

bool addExtension(X509* certificate, int nid, void* value, bool critical) {
  return value != nullptr &&
         X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

bool addUsage(X509* certificate, const CertificateTemplate& what) {
  constexpr int kDigitalSignature = 0;  // bit of KeyUsage, RFC 5280 §4.2.1.3
  const OpenSslPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(ASN1_BIT_STRING_new());
  if (!usage || ASN1_BIT_STRING_set_bit(usage.get(), kDigitalSignature, 1) != 1) return false;
  if (!addExtension(certificate, NID_key_usage, usage.get(), true)) return false;

  const OpenSslPtr<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> extended(EXTENDED_KEY_USAGE_new());
  if (!extended) return false;
  if (what.clientAuth) sk_ASN1_OBJECT_push(extended.get(), OBJ_nid2obj(NID_client_auth));
  if (what.serverAuth) sk_ASN1_OBJECT_push(extended.get(), OBJ_nid2obj(NID_server_auth));
  if (sk_ASN1_OBJECT_num(extended.get()) == 0) return true;
  return addExtension(certificate, NID_ext_key_usage, extended.get(), false);
}

bool addBasicConstraints(X509* certificate) {
  const OpenSslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(BASIC_CONSTRAINTS_new());
  return addExtension(certificate, NID_basic_constraints, constraints.get(), true);
}

// Hands `value` over to a new general name.
bool addName(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  GENERAL_NAME* const name = value == nullptr ? nullptr : GENERAL_NAME_new();
  if (name == nullptr || sk_GENERAL_NAME_push(names, name) == 0) {
    ASN1_STRING_free(value);
    GENERAL_NAME_free(name);
    return false;
  }
  GENERAL_NAME_set0_value(name, type, value);
  return true;
}

bool isDnsName(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; });
}

ASN1_STRING* dnsName(const std::string& name) {
  ASN1_IA5STRING* const value = isDnsName(name) ? ASN1_IA5STRING_new() : nullptr;
  if (value != nullptr) ASN1_STRING_set(value, name.data(), static_cast<int>(name.size()));
  return value;
}

base::Outcome<void> addSubjectAlternativeNames(X509* certificate, const CertificateTemplate& what) {
  if (what.dnsNames.empty() && what.ipAddresses.empty()) return {};
  const GeneralNames names(GENERAL_NAMES_new());
  if (!names) return failCreating("out of memory");
  for (const std::string& name : what.dnsNames) {
    if (!addName(names.get(), GEN_DNS, dnsName(name))) return failCreating("'" + name + "' is no DNS name");
  }
  for (const std::string& address : what.ipAddresses) {
    if (!addName(names.get(), GEN_IPADD, a2i_IPADDRESS(address.c_str()))) {
      return failCreating("'" + address + "' is no IP address");
    }
  }
  if (!addExtension(certificate, NID_subject_alt_name, names.get(), false)) {
    return failCreating("OpenSSL refused the subject alternative names");
  }
  return {};
}

// Ed25519 and Ed448 hash for themselves.
const EVP_MD* digestFor(const EVP_PKEY* key) {
  const int type = EVP_PKEY_get_base_id(key);
  return type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448 ? nullptr : EVP_sha256();
}

std::string_view contentOf(BIO* bio) noexcept {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

base::Outcome<Certificate> selfSign(const CertificateTemplate& what, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509* const x = certificate.get();
  if (x == nullptr || X509_set_version(x, X509_VERSION_3) != 1 || X509_set_pubkey(x, key) != 1 ||
      !setSerial(x)) {
    return failCreating("OpenSSL refused the key");
  }
  if (!setNames(x, what.commonName)) {
    return failCreating("the common name '" + what.commonName + "' is not text of 1 to 64 characters");
  }
  if (what.lifetime.count() <= 0 || !setValidity(x, what.lifetime)) {
    return failCreating("the lifetime is out of range");
  }
  if (!addUsage(x, what) || !addBasicConstraints(x)) return failCreating("OpenSSL refused the extensions");
  if (const auto added = addSubjectAlternativeNames(x, what); !added) return std::unexpected(added.error());
  if (X509_sign(x, key, digestFor(key)) == 0) return failCreating("the key cannot sign");
  return certificate;
}

PrivateKey generateP256() {
  std::string curve = "P-256";  // what the macro EVP_EC_gen does, without its cast
  PrivateKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.data()));
  require(key != nullptr, "cannot generate a P-256 key");
  return key;
}

std::string toPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  require(bio && PEM_write_bio_X509(bio.get(), certificate) == 1, "cannot encode a certificate");
  return std::string(contentOf(bio.get()));
}

base::Outcome<base::Secret> toPem(EVP_PKEY* key, std::string_view password) {
  const Bio bio(BIO_new(BIO_s_mem()));
  const OpenSslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> pkcs8(EVP_PKEY2PKCS8(key));
  const EVP_CIPHER* const cipher = password.empty() ? nullptr : EVP_aes_256_cbc();
  const auto* const passwordBytes = reinterpret_cast<const unsigned char*>(password.data());
  const auto encode = [](const void* object, unsigned char** out) {
    return i2d_PKCS8_PRIV_KEY_INFO(static_cast<const PKCS8_PRIV_KEY_INFO*>(object), out);
  };
  if (!bio || !pkcs8 ||
      PEM_ASN1_write_bio(encode, PEM_STRING_PKCS8INF, bio.get(), pkcs8.get(), cipher, passwordBytes,
                         static_cast<int>(password.size()), nullptr, nullptr) != 1) {
    ERR_clear_error();
    return base::fail("cannot encode the private key as PKCS#8");
  }
  return base::Secret::copyOf(base::bytesOf(contentOf(bio.get())));
}

}  // namespace kes::crypto
