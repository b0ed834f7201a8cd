// Identities of client certificates (crypto/x509.h), from DER as it comes in a handshake.
#include <openssl/x509v3.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "crypto/x509.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

base::Bytes encoded(X509* certificate) {
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  require(size > 0, "a certificate can be encoded");
  base::Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

void check(base::ByteView der) {
  const auto certificate = crypto::decodeCertificate(der);
  if (!certificate) return;
  const std::string identity = crypto::identityOf(certificate.get());
  require(identity.size() == 64 && identity.find_first_not_of("0123456789abcdef") == identity.npos,
          "an identity is a hash in hex");
  const bool isCa = crypto::isCertificateAuthority(certificate.get());
  require(isCa || (X509_get_extension_flags(certificate.get()) & EXFLAG_CA) == 0,
          "what OpenSSL takes for a CA is one");
  (void)crypto::hasSubjectAlternativeName(certificate.get());

  const auto again = crypto::decodeCertificate(encoded(certificate.get()));
  require(again != nullptr, "encoded again it is a certificate");
  require(crypto::identityOf(again.get()) == identity, "of the same identity");
  require(crypto::isCertificateAuthority(again.get()) == isCa, "and as much of a CA");

  base::Bytes followed(der.begin(), der.end());
  followed.push_back(0);
  require(crypto::decodeCertificate(followed) == nullptr, "nothing may follow a certificate");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::check({data, size});
  return 0;
}
