#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace kes::api {

// The proxies that speak for their clients, and what is asked of the certificates that they forward.
// Immutable.
struct TlsProxies {
  std::vector<std::string> identities;
  std::string certificateHeader;
  // As for clients that connect themselves.
  http::ClientChain clientChain = http::ClientChain::unchecked;
  std::shared_ptr<const http::ClientTrust> trust;
  std::shared_ptr<const http::PeerVerifier> verifier;

  // There are few, and most other identities differ in the first characters.
  [[nodiscard]] bool includes(std::string_view identity) const noexcept {
    return std::ranges::find(identities, identity) != identities.end();
  }
};

}  // namespace kes::api
