#pragma once

#include <Poco/Net/Context.h>
#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "http/server.h"
#include "http/session_cache.h"

namespace kes::http {

// The rules of new TLS connections: POCO's Context with everything set that it leaves to chance. Immutable.
class TlsContext {
 public:
  // `previous` are the rules these replace, if any: where client authentication stays as it was, its sessions
  // may still be resumed.
  [[nodiscard]] static base::Outcome<std::shared_ptr<const TlsContext>> create(
      const TlsSettings& settings, std::shared_ptr<const PeerVerifier> verifier, const TlsContext* previous);

  [[nodiscard]] SSL_CTX* native() const { return context_->sslContext(); }
  [[nodiscard]] const PeerVerifier& verifier() const noexcept { return *verifier_; }
  [[nodiscard]] ClientChain clientChain() const noexcept { return clientChain_; }
  [[nodiscard]] SessionCache& sessions() const noexcept { return *sessions_; }
  [[nodiscard]] const CertificateExpiry& expiry() const noexcept { return expiry_; }
  // Grows with each change of client authentication.
  [[nodiscard]] std::uint64_t authGeneration() const noexcept { return authGeneration_; }

 private:
  TlsContext() = default;

  base::Outcome<void> configure(const TlsSettings& settings);
  base::Outcome<void> useCertificate(const TlsSettings& settings);
  void authenticateClients(const TlsSettings& settings);
  void adoptSessions(const TlsContext* previous);

  Poco::Net::Context::Ptr context_;
  std::shared_ptr<const PeerVerifier> verifier_;
  ClientChain clientChain_ = ClientChain::unchecked;
  base::Bytes authFingerprint_;  // of the mode and the listed authorities
  CertificateExpiry expiry_;
  std::uint64_t authGeneration_ = 1;
  std::shared_ptr<SessionCache> sessions_;
};

// The rules in force. Thread-safe.
class TlsSource {
 public:
  explicit TlsSource(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}

  [[nodiscard]] std::shared_ptr<const TlsContext> current() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void replace(std::shared_ptr<const TlsContext> context) {
    const std::lock_guard lock(mutex_);
    context_.swap(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;
};

}  // namespace kes::http
