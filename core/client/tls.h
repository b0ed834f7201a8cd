#pragma once

#include <Poco/Net/Context.h>

#include <memory>
#include <string>

#include "base/error.h"
#include "client/settings.h"

namespace kes::client {

// The TLS side of one endpoint: trust, the name to verify and the client certificate. TLS 1.2 or newer.
//
// The server's certificate must chain to the system's roots and carry the endpoint's host as DNS name or IP
// address among its alternative names. SSL_CERT_FILE and SSL_CERT_DIR replace the system's file and directory
// of roots; any certificate in them is an anchor, also one that is no CA.
class TlsContext {
 public:
  // Throws Poco::Exception when OpenSSL has no memory. The failure says what is wrong with the certificate.
  [[nodiscard]] static base::Outcome<std::unique_ptr<TlsContext>> create(const Settings& settings,
                                                                         const Endpoint& endpoint);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] Poco::Net::Context::Ptr poco() const { return context_; }
  // Why the last handshake did not trust the server; empty when it did or did not come so far.
  [[nodiscard]] const std::string& distrust() const noexcept { return distrust_; }
  void forgetDistrust() { distrust_.clear(); }

 private:
  TlsContext();
  void verifyServer(const Endpoint& endpoint);
  [[nodiscard]] bool offer(const crypto::KeyPair& pair);
  static int verify(X509_STORE_CTX* store, void* self);

  Poco::Net::Context::Ptr context_;
  std::string distrust_;
};

}  // namespace kes::client
