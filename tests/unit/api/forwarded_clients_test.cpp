#include "api/forwarded_clients.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "doubles.h"
#include "forwarding.h"
#include "http/client_trust.h"
#include "support/temp_dir.h"

namespace kes::api {
namespace {

using base::ErrorCode;
using http::ClientChain;

constexpr std::string_view kHeader = "x-tls-client-cert";

class KnownOnes final : public http::PeerVerifier {
 public:
  base::Result<std::string> identify(std::span<X509* const> chain) const override {
    ++identified;
    if (crypto::isCertificateAuthority(chain.front())) return std::unexpected(ErrorCode::noClientCertificate);
    return crypto::identityOf(chain.front());
  }
  bool isKnown(std::string_view identity) const override { return known.contains(std::string(identity)); }
  std::string explain(int) const override { return "do better"; }

  std::set<std::string> known;
  mutable int identified = 0;
};

class ForwardedClientsTest : public testing::Test {
 protected:
  [[nodiscard]] std::shared_ptr<const TlsProxies> proxies(ClientChain chain,
                                                          const std::string& trusted = {}) const {
    TlsProxies made{.identities = {"proxy"},
                    .certificateHeader = "X-Tls-Client-Cert",
                    .clientChain = chain,
                    .trust = nullptr,
                    .verifier = verifier_};
    if (chain != ClientChain::unchecked) {
      std::ofstream(folder_ / "ca.pem") << trusted;
      made.trust = http::ClientTrust::load(trusted.empty() ? "" : (folder_ / "ca.pem").string()).value();
    }
    return std::make_shared<const TlsProxies>(std::move(made));
  }

  // Whom a request with these values of the header is taken to be from.
  [[nodiscard]] http::Peer peerOf(const std::vector<std::string>& values,
                                  const std::shared_ptr<const TlsProxies>& proxies,
                                  const std::string& forwardedFor = {}) {
    FakeExchange exchange("GET", "/v1/status", {}, "proxy");
    for (const auto& value : values) exchange.requestHeaders.emplace(kHeader, value);
    if (!forwardedFor.empty()) exchange.requestHeaders.emplace("x-forwarded-for", forwardedFor);
    clients_.applyTo(exchange, proxies);
    return exchange.peer();
  }

  SilentLog log_;
  test::TempDir folder_;
  std::shared_ptr<KnownOnes> verifier_ = std::make_shared<KnownOnes>();
  ForwardedClients clients_{log_.log};
  ForwardedForTest client_;
};

TEST_F(ForwardedClientsTest, areWhoTheirCertificatesSay) {
  const auto all = proxies(ClientChain::unchecked);
  const auto peer = peerOf({client_.escapedPem()}, all);
  EXPECT_EQ(peer.identity, client_.identity);
  EXPECT_EQ(peer.error, std::nullopt);
  EXPECT_EQ(peer.address, "127.0.0.1");
  EXPECT_EQ(peerOf({client_.base64()}, all, "192.0.2.7, 10.0.0.1").address, "192.0.2.7");
  EXPECT_EQ(peerOf({client_.base64()}, all, "unknown").address, "127.0.0.1");
}

TEST_F(ForwardedClientsTest, areNobodyWithoutExactlyOneCertificate) {
  const auto all = proxies(ClientChain::unchecked);
  for (const auto& [values, error] : std::vector<std::pair<std::vector<std::string>, ErrorCode>>{
           {{}, ErrorCode::noClientCertificate},
           {{""}, ErrorCode::noClientCertificate},
           {{client_.base64(), client_.base64()}, ErrorCode::tooManyClientCertificates},
           {{client_.base64() + "," + client_.base64()}, ErrorCode::tooManyClientCertificates},
           {{"AAAA"}, ErrorCode::invalidClientCertificate},
           {{client_.base64().insert(0, "MAAA")}, ErrorCode::invalidClientCertificate}}) {
    const auto peer = peerOf(values, all);
    EXPECT_EQ(peer.identity, "");
    EXPECT_EQ(peer.error, error);
  }
}

TEST_F(ForwardedClientsTest, areDecodedOnce) {
  const auto all = proxies(ClientChain::unchecked);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peerOf({client_.base64()}, all).identity, client_.identity);
  EXPECT_EQ(verifier_->identified, 1);
  EXPECT_EQ(peerOf({client_.base64()}, proxies(ClientChain::unchecked)).identity, client_.identity);
  EXPECT_EQ(verifier_->identified, 2) << "what was seen under other rules does not count";
}

TEST_F(ForwardedClientsTest, areVerifiedLikeDirectOnes) {
  const ForwardedForTest other;
  const auto on = proxies(ClientChain::verified, client_.pem);
  verifier_->known = {other.identity};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(peerOf({client_.base64()}, on).identity, client_.identity);
    EXPECT_EQ(peerOf({other.base64()}, on).error, ErrorCode::notAllowed);
  }
}

TEST_F(ForwardedClientsTest, whoIsKnownNeedNotBeVerifiedWhilePinned) {
  const auto pinned = proxies(ClientChain::verifiedOrKnown, client_.pem);
  const ForwardedForTest other;
  EXPECT_EQ(peerOf({client_.base64()}, pinned).identity, client_.identity);
  EXPECT_EQ(peerOf({other.base64()}, pinned).error, ErrorCode::notAllowed);
  verifier_->known = {other.identity};
  EXPECT_EQ(peerOf({other.base64()}, pinned).identity, other.identity);
  verifier_->known.clear();
  EXPECT_EQ(peerOf({other.base64()}, pinned).error, ErrorCode::notAllowed) << "at once, seen or not";
}

TEST_F(ForwardedClientsTest, areCheckedAgainOnceTheirCertificateHasExpired) {
  const ForwardedForTest shortLived{std::chrono::seconds(1)};
  const auto on = proxies(ClientChain::verified, shortLived.pem);
  ASSERT_EQ(peerOf({shortLived.base64()}, on).identity, shortLived.identity);
  for (int i = 0; i < 100 && !peerOf({shortLived.base64()}, on).error; ++i) ::usleep(100'000);
  EXPECT_EQ(peerOf({shortLived.base64()}, on).error, ErrorCode::notAllowed);
}

}  // namespace
}  // namespace kes::api
