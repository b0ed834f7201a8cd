#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/tls_proxies.h"
#include "base/error.h"
#include "http/server.h"
#include "observe/log.h"

namespace kes::api {

// The clients that TLS proxies forward to one event loop. Decoding a certificate takes longer than most
// requests, so those seen lately are remembered by their hash.
class ForwardedClients {
 public:
  explicit ForwardedClients(observe::Log& log) noexcept : log_(log) {}

  // Lets the request of a proxy count as its client's: identity, or why there is none, and address.
  void applyTo(http::Exchange& exchange, const std::shared_ptr<const TlsProxies>& proxies);
  // About once a second.
  void onTick() noexcept { refusalsShown_ = 0; }

 private:
  using Hash = std::array<std::uint8_t, 32>;
  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const noexcept {
      std::size_t part = 0;
      std::memcpy(&part, hash.data(), sizeof part);
      return part;
    }
  };
  struct Client {
    std::string identity;
    std::optional<std::int64_t> verifiedUntil;  // seconds since 1970; nothing where it was not verified
  };

  [[nodiscard]] base::Result<std::string> identify(const http::Exchange& exchange, const TlsProxies& proxies);
  [[nodiscard]] base::Result<std::string> examine(const http::Exchange& exchange, const TlsProxies& proxies,
                                                  std::string_view header, const Hash& hash);
  void reportRefusal(const http::Exchange& exchange, std::string_view identity, int verifyError,
                     const TlsProxies& proxies);

  observe::Log& log_;
  std::shared_ptr<const TlsProxies> proxies_;  // under which the clients were seen
  std::unordered_map<Hash, Client, HashOfHash> clients_;
  unsigned refusalsShown_ = 0;
};

}  // namespace kes::api
