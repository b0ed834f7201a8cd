#pragma once

#include "api/state.h"
#include "http/server.h"

namespace kes::server {

// Who a client is by its certificates, and whether anybody has heard of it: the admin, the TLS proxies and
// whom the policies in force name. Thread-safe; takes a lock that is held for a few instructions.
class ClientVerifier final : public http::PeerVerifier {
 public:
  // `state` must outlive the verifier.
  ClientVerifier(const api::StateCell& state, http::ClientChain rule) : state_(state), rule_(rule) {}

  base::Result<std::string> identify(std::span<X509* const> chain) const override;
  bool isKnown(std::string_view identity) const override;
  std::string explain(int verifyError) const override;

 private:
  const api::StateCell& state_;
  const http::ClientChain rule_;
};

}  // namespace kes::server
