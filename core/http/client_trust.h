#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "http/openssl_ptr.h"

namespace kes::http {

// Who may issue certificates for clients: the system's authorities and those of a file or directory.
// Immutable and thread-safe.
class ClientTrust {
 public:
  // `ca` as in loadTrustedCertificates; empty = the system's alone.
  [[nodiscard]] static base::Outcome<std::shared_ptr<const ClientTrust>> load(const std::string& ca);

  // Checks a certificate as a handshake does, chain, dates and EKU clientAuth, without further certificates
  // of the client's. Seconds since 1970 until which the whole chain is valid, or an X509_V_ERR_*.
  [[nodiscard]] std::expected<std::int64_t, int> verify(X509* certificate) const;

  [[nodiscard]] X509_STORE* store() const noexcept { return store_.get(); }
  // The certificates of `ca`, in DER, sorted.
  [[nodiscard]] const base::Bytes& listed() const noexcept { return listed_; }
  // When the first of them ends, in seconds since 1970; nothing where there are none.
  [[nodiscard]] std::optional<std::int64_t> firstEnd() const noexcept { return firstEnd_; }

 private:
  ClientTrust() = default;

  StorePtr store_;
  base::Bytes listed_;
  std::optional<std::int64_t> firstEnd_;
};

// Until when every certificate of a verified chain is valid, in seconds since 1970.
[[nodiscard]] std::int64_t validUntil(const STACK_OF(X509) * chain);

}  // namespace kes::http
