#include "server/client_verifier.h"

#include <openssl/x509_vfy.h>

#include "crypto/x509.h"

namespace kes::server {
namespace {

std::string_view remedyFor(int verifyError) {
  switch (verifyError) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "renew the certificate";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "check the clocks and the dates of the certificate";
    case X509_V_ERR_INVALID_PURPOSE:
      return "issue the certificate with extendedKeyUsage = clientAuth";
    default:
      return "add the issuer of the certificate to tls.ca";
  }
}

}  // namespace

// The rules of docs/protocol/http.md, "Identity of a connection".
base::Result<std::string> ClientVerifier::identify(std::span<X509* const> chain) const {
  if (crypto::isCertificateAuthority(chain.front()))
    return std::unexpected(base::ErrorCode::noClientCertificate);
  for (X509* const later : chain.subspan(1)) {
    if (!crypto::isCertificateAuthority(later))
      return std::unexpected(base::ErrorCode::tooManyClientCertificates);
  }
  return crypto::identityOf(chain.front());
}

bool ClientVerifier::isKnown(std::string_view identity) const {
  const auto state = state_.get();
  return state != nullptr && state->policies->isKnown(identity);
}

std::string ClientVerifier::explain(int verifyError) const {
  std::string text = X509_verify_cert_error_string(verifyError);
  text.append("; ").append(remedyFor(verifyError));
  if (rule_ == http::ClientChain::verifiedOrKnown) text += ", or name its identity in a policy";
  return text;
}

}  // namespace kes::server
