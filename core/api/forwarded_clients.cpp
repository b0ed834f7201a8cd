#include "api/forwarded_clients.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "api/forwarded_certificate.h"
#include "api/route.h"
#include "base/sha256.h"
#include "base/time.h"
#include "crypto/x509.h"
#include "http/client_trust.h"

namespace kes::api {
namespace {

using base::ErrorCode;
using observe::level::kInfo;

constexpr std::size_t kRemembered = 1024;
// In a second; the rest is left out so that a stranger cannot fill a disk.
constexpr unsigned kRefusalsShown = 3;

// Whether the client may go on with what was found out about its certificate earlier.
bool isGood(const TlsProxies& proxies, std::string_view identity, std::optional<std::int64_t> verifiedUntil) {
  const bool verified = verifiedUntil && base::Timestamp::now().seconds <= *verifiedUntil;
  switch (proxies.clientChain) {
    case http::ClientChain::unchecked:
      return true;
    case http::ClientChain::verified:
      return verified;
    case http::ClientChain::verifiedOrKnown:
      return verified || proxies.verifier->isKnown(identity);
  }
  return false;
}

}  // namespace

void ForwardedClients::applyTo(http::Exchange& exchange, const std::shared_ptr<const TlsProxies>& proxies) {
  if (proxies_ != proxies) clients_.clear();
  proxies_ = proxies;
  http::Peer client;
  auto identity = identify(exchange, *proxies);
  if (identity) {
    client.identity = std::move(*identity);
  } else {
    client.error = identity.error().code();
  }
  client.address = forwardedAddress(exchange.header("x-forwarded-for"));
  if (client.address.empty()) client.address = exchange.peer().address;
  exchange.setPeer(std::move(client));
}

base::Result<std::string> ForwardedClients::identify(const http::Exchange& exchange,
                                                     const TlsProxies& proxies) {
  const auto count = exchange.headerCount(proxies.certificateHeader);
  if (count == 0) return std::unexpected(ErrorCode::noClientCertificate);
  if (count > 1) return std::unexpected(ErrorCode::tooManyClientCertificates);
  const auto header = exchange.header(proxies.certificateHeader);
  const Hash hash = base::sha256(base::bytesOf(header));
  const auto seen = clients_.find(hash);
  if (seen != clients_.end() && isGood(proxies, seen->second.identity, seen->second.verifiedUntil))
    return seen->second.identity;
  return examine(exchange, proxies, header, hash);
}

base::Result<std::string> ForwardedClients::examine(const http::Exchange& exchange, const TlsProxies& proxies,
                                                    std::string_view header, const Hash& hash) {
  const auto der = forwardedCertificate(header);
  if (!der) return std::unexpected(der.error());
  const auto certificate = crypto::decodeCertificate(*der);
  if (!certificate) return std::unexpected(ErrorCode::invalidClientCertificate);
  X509* const chain[] = {certificate.get()};
  auto identity = proxies.verifier->identify(chain);
  if (!identity) return identity;

  Client client{.identity = *identity, .verifiedUntil = std::nullopt};
  if (!isGood(proxies, *identity, std::nullopt)) {
    const auto until = proxies.trust->verify(certificate.get());
    if (!until) {
      reportRefusal(exchange, *identity, until.error(), proxies);
      return std::unexpected(ErrorCode::notAllowed);
    }
    client.verifiedUntil = *until;
  }
  if (clients_.size() >= kRemembered) clients_.clear();
  clients_.insert_or_assign(hash, std::move(client));
  return identity;
}

void ForwardedClients::reportRefusal(const http::Exchange& exchange, std::string_view identity,
                                     int verifyError, const TlsProxies& proxies) {
  if (!log_.errorEnabled(kInfo) || refusalsShown_ == kRefusalsShown) return;
  ++refusalsShown_;
  std::string decoded;
  const Match match = findRoute(exchange.target(), decoded);
  log_.error(kInfo,
             fmt::format("tls: certificate of {} that a proxy has forwarded refused: {}", identity,
                         proxies.verifier->explain(verifyError)),
             {exchange.method(), match.path, exchange.peer().address, exchange.peer().identity});
}

}  // namespace kes::api
