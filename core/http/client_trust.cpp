#include "http/client_trust.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>
#include <set>

#include "http/certificate_time.h"
#include "http/trusted_certificates.h"

namespace kes::http {
namespace {

using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpenSslDeleter<X509_STORE_CTX_free>>;

base::Bytes derOf(X509* certificate) {
  base::Bytes der(static_cast<std::size_t>(std::max(i2d_X509(certificate, nullptr), 0)));
  auto* end = der.data();
  i2d_X509(certificate, &end);
  return der;
}

}  // namespace

base::Outcome<std::shared_ptr<const ClientTrust>> ClientTrust::load(const std::string& ca) {
  std::shared_ptr<ClientTrust> trust(new ClientTrust);
  trust->store_.reset(X509_STORE_new());
  auto* store = trust->store();
  X509_STORE_set_default_paths(store);
  // As in Go, whatever is listed is trusted, self-signed or not.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  if (!ca.empty()) {
    const auto certificates = loadTrustedCertificates(ca);
    if (!certificates) return std::unexpected(certificates.error());
    std::set<base::Bytes> listed;
    for (const auto& certificate : *certificates) {
      X509_STORE_add_cert(store, certificate.get());
      listed.insert(derOf(certificate.get()));
      const auto end = notAfterOf(certificate.get());
      trust->firstEnd_ = std::min(trust->firstEnd_.value_or(end), end);
    }
    for (const auto& der : listed) trust->listed_.insert(trust->listed_.end(), der.begin(), der.end());
  }
  ERR_clear_error();
  return trust;
}

std::expected<std::int64_t, int> ClientTrust::verify(X509* certificate) const {
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), store(), certificate, nullptr) != 1)
    return std::unexpected(X509_V_ERR_OUT_OF_MEM);
  // The purpose and trust that a TLS server asks of its clients.
  X509_STORE_CTX_set_default(context.get(), "ssl_client");
  const int verified = X509_verify_cert(context.get());
  ERR_clear_error();
  if (verified == 1) return validUntil(X509_STORE_CTX_get0_chain(context.get()));
  const int error = X509_STORE_CTX_get_error(context.get());
  return std::unexpected(error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error);
}

std::int64_t validUntil(const STACK_OF(X509) * chain) {
  auto until = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    until = std::min(until, notAfterOf(sk_X509_value(chain, i)));
  }
  return until;
}

}  // namespace kes::http
