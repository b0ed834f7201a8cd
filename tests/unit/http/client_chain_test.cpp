// Who gets through the handshake under each rule for client certificates.

#include <gtest/gtest.h>
#include <unistd.h>

#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

// What a client gets that asks who it is; "refused" where the handshake fails.
[[nodiscard]] std::string answerTo(TestServer& server, const ClientOptions& options) {
  H1Client client(server.port(), options);
  const auto response = client.request("GET", "/identity");
  return response.status == 0 ? "refused" : response.body;
}

struct Rules {
  const char* name;
  ClientChain chain;
  bool known;  // the identities of all clients are
};

constexpr Rules kOff{"Off", ClientChain::unchecked, false};
constexpr Rules kOn{"On", ClientChain::verified, true};  // being known does not help
constexpr Rules kPinned{"PinnedUnknown", ClientChain::verifiedOrKnown, false};
constexpr Rules kPinnedKnown{"PinnedKnown", ClientChain::verifiedOrKnown, true};

enum class Issuer { itself, ca, otherCa };

struct Shown {
  const char* name;
  CertificateSpec spec;
  Issuer issuer;
  // What becomes of it under each of the rules; "" = its identity.
  const char* on;
  const char* pinned;    // of somebody unknown
  const char* off = "";  // and pinned, of somebody known
};

constexpr const char* kRefused = "refused";
constexpr const char* kNobody = "no certificate";

const Shown kShown[] = {
    {"Good", {.extendedKeyUsage = "clientAuth"}, Issuer::ca, "", ""},
    {"WithoutExtendedKeyUsage", {}, Issuer::ca, "", ""},
    {"ForServers", {.extendedKeyUsage = "serverAuth"}, Issuer::ca, kRefused, kRefused},
    {"ForBoth", {.extendedKeyUsage = "serverAuth,clientAuth"}, Issuer::ca, "", ""},
    {"Expired", {.validFromSeconds = -7200, .validForSeconds = -3600}, Issuer::ca, kRefused, kRefused},
    {"NotYetValid", {.validFromSeconds = 3600, .validForSeconds = 7200}, Issuer::ca, kRefused, kRefused},
    {"SelfSigned", {.extendedKeyUsage = "clientAuth"}, Issuer::itself, kRefused, kRefused},
    {"OfAnotherCa", {.extendedKeyUsage = "clientAuth"}, Issuer::otherCa, kRefused, kRefused},
    {"CaOfTheCa", {.isCa = true}, Issuer::ca, kNobody, kNobody, kNobody},
    {"SelfSignedCa", {.isCa = true}, Issuer::itself, kRefused, kRefused, kNobody},
};

class ClientChainTest : public testing::TestWithParam<Rules> {
 protected:
  [[nodiscard]] TestServerOptions optionsFor(const std::vector<std::string>& identities) const {
    TestServerOptions options{.clientChain = GetParam().chain, .ca = caFile_};
    if (GetParam().known) options.known = identities;
    return options;
  }

  TempDir dir_;
  Credential ca_ = makeCredential({.name = "ca", .isCa = true});
  Credential otherCa_ = makeCredential({.name = "other", .isCa = true});
  std::string caFile_ = dir_.write("ca.pem", ca_.pem());
};

TEST_P(ClientChainTest, decidesAboutEveryKindOfCertificate) {
  for (const auto& shown : kShown) {
    auto spec = shown.spec;
    if (shown.issuer == Issuer::ca) spec.issuer = &ca_;
    if (shown.issuer == Issuer::otherCa) spec.issuer = &otherCa_;
    const auto credential = makeCredential(spec);
    std::string expected = shown.off;
    if (GetParam().chain == ClientChain::verified) expected = shown.on;
    // Who has no identity cannot be known.
    if (GetParam().chain == ClientChain::verifiedOrKnown && (!GetParam().known || spec.isCa))
      expected = shown.pinned;
    if (expected.empty()) expected = credential.identity();

    TestServer server(optionsFor({credential.identity()}));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      EXPECT_EQ(answerTo(server, {.credential = &credential, .version = version}), expected) << shown.name;
    }
  }
}

TEST_P(ClientChainTest, looksForIdentitiesInTheFirstCertificateOnly) {
  const auto own = makeCredential({.name = "own"});
  const auto ownCa = makeCredential({.name = "own ca", .isCa = true});
  const auto victim = makeCredential({.name = "victim"});
  TestServer server(optionsFor({victim.identity()}));
  const bool through = GetParam().chain == ClientChain::unchecked;

  EXPECT_EQ(answerTo(server, {.credential = &own, .chain = {victim.certificate.get()}}),
            through ? "too many" : kRefused);
  EXPECT_EQ(answerTo(server, {.credential = &ownCa, .chain = {victim.certificate.get()}}),
            through ? kNobody : kRefused);
}

TEST_P(ClientChainTest, severalLeavesAreNobodyEvenIfTheFirstIsGood) {
  const auto own = makeCredential({.issuer = &ca_});
  const auto other = makeCredential({.issuer = &ca_});
  TestServer server(optionsFor({own.identity()}));

  EXPECT_EQ(answerTo(server, {.credential = &own, .chain = {other.certificate.get()}}), "too many");
}

TEST_P(ClientChainTest, takesIntermediatesFromTheClient) {
  const auto intermediate = makeCredential({.name = "intermediate", .isCa = true, .issuer = &ca_});
  const auto leaf = makeCredential({.extendedKeyUsage = "clientAuth", .issuer = &intermediate});
  TestServer server(optionsFor({leaf.identity()}));
  const bool needed = GetParam().chain == ClientChain::verified ||
                      (GetParam().chain == ClientChain::verifiedOrKnown && !GetParam().known);

  EXPECT_EQ(answerTo(server, {.credential = &leaf, .chain = {intermediate.certificate.get()}}),
            leaf.identity());
  EXPECT_EQ(answerTo(server, {.credential = &leaf}), needed ? kRefused : leaf.identity());
}

INSTANTIATE_TEST_SUITE_P(Rules, ClientChainTest, testing::Values(kOff, kOn, kPinned, kPinnedKnown),
                         [](const auto& test) { return test.param.name; });

TEST(RefusedClient, isNamedInTheErrorLog) {
  const TempDir dir;
  const auto ca = makeCredential({.name = "ca", .isCa = true});
  for (const auto chain : {ClientChain::verified, ClientChain::verifiedOrKnown}) {
    TestServer server({.clientChain = chain, .ca = dir.write("ca.pem", ca.pem())});
    const auto stranger = makeCredential({});
    EXPECT_EQ(answerTo(server, {.credential = &stranger}), kRefused);
    EXPECT_TRUE(
        server.journal().sawError("client certificate of " + stranger.identity() + " refused: do better"));
  }
}

TEST(PinnedClient, withoutCertificateIsServedWhereSomeRouteNeedsNone) {
  TestServer server({.requireClientCertificate = false, .clientChain = ClientChain::verifiedOrKnown});
  const auto stranger = makeCredential({});

  EXPECT_EQ(answerTo(server, {}), kNobody);
  EXPECT_EQ(answerTo(server, {.credential = &stranger}), kRefused);
}

// What becomes of a session after the server's rules have changed.
class ResumptionAfter : public testing::TestWithParam<int> {
 protected:
  struct Resumed {
    bool resumed;
    std::string answer;
  };
  // Connects under `before`, then, with the session of that, under `after`.
  [[nodiscard]] Resumed reconnect(const TestServerOptions& before, const TestServerOptions& after,
                                  const Credential& credential) const {
    TestServer server(before);
    ClientOptions options{.credential = &credential, .version = GetParam()};
    {
      H1Client first(server.port(), options);
      EXPECT_EQ(first.request("GET", "/identity").body, credential.identity());
      options.session = first.takeSession();
    }
    EXPECT_TRUE(server.updateTls(after));
    H1Client second(server.port(), options);
    const auto response = second.request("GET", "/identity");
    SSL_SESSION_free(options.session);
    return {SSL_session_reused(second.ssl()) == 1, response.status == 0 ? "refused" : response.body};
  }

  TempDir dir_;
  Credential ca_ = makeCredential({.name = "ca", .isCa = true});
  Credential otherCa_ = makeCredential({.name = "other", .isCa = true});
  Credential issued_ = makeCredential({.issuer = &ca_});
  Credential selfSigned_ = makeCredential({});
  std::string caFile_ = dir_.write("ca.pem", ca_.pem());
  std::string otherFile_ = dir_.write("other.pem", otherCa_.pem());
  std::string bothFile_ = dir_.write("both.pem", ca_.pem() + otherCa_.pem());
  TestServerOptions off_;
  TestServerOptions on_{.clientChain = ClientChain::verified, .ca = caFile_};
  TestServerOptions pinned_{
      .clientChain = ClientChain::verifiedOrKnown, .ca = caFile_, .known = {selfSigned_.identity()}};
};

TEST_P(ResumptionAfter, noChange) {
  for (const auto* rules : {&off_, &on_, &pinned_}) {
    const auto again = reconnect(*rules, *rules, issued_);
    EXPECT_TRUE(again.resumed);
    EXPECT_EQ(again.answer, issued_.identity());
  }
  EXPECT_TRUE(reconnect(pinned_, pinned_, selfSigned_).resumed);
}

TEST_P(ResumptionAfter, aChangeOfTheModeTakesAFullHandshake) {
  for (const auto& [before, after] :
       {std::pair(&off_, &on_), std::pair(&off_, &pinned_), std::pair(&on_, &off_), std::pair(&on_, &pinned_),
        std::pair(&pinned_, &on_), std::pair(&pinned_, &off_)}) {
    const auto again = reconnect(*before, *after, issued_);
    EXPECT_FALSE(again.resumed);
    EXPECT_EQ(again.answer, issued_.identity());
  }
  EXPECT_EQ(reconnect(off_, on_, selfSigned_).answer, "refused");
  EXPECT_EQ(reconnect(pinned_, on_, selfSigned_).answer, "refused");
}

TEST_P(ResumptionAfter, aChangeOfTheAuthoritiesTakesAFullHandshake) {
  auto other = on_;
  other.ca = otherFile_;
  EXPECT_EQ(reconnect(on_, other, issued_).answer, "refused");
  auto both = on_;
  both.ca = bothFile_;
  const auto again = reconnect(on_, both, issued_);
  EXPECT_FALSE(again.resumed);
  EXPECT_EQ(again.answer, issued_.identity());
}

TEST_P(ResumptionAfter, theSameAuthoritiesInAnotherFileGoesOn) {
  auto copied = on_;
  copied.ca = dir_.write("copy.pem", ca_.pem() + ca_.pem());
  EXPECT_TRUE(reconnect(on_, copied, issued_).resumed);
}

TEST_P(ResumptionAfter, beingForgottenEndsWhereOnlyTheKnownMayCome) {
  auto forgotten = pinned_;
  forgotten.known.clear();
  EXPECT_EQ(reconnect(pinned_, forgotten, selfSigned_).answer, "refused");
  EXPECT_EQ(reconnect(pinned_, forgotten, issued_).answer, issued_.identity());
}

TEST_P(ResumptionAfter, expiryTakesAFullHandshakeThatFails) {
  for (const auto* rules : {&on_, &pinned_}) {
    TestServer server(*rules);
    const auto expiring = makeCredential({.validForSeconds = 1, .issuer = &ca_});
    ClientOptions options{.credential = &expiring, .version = GetParam()};
    {
      H1Client first(server.port(), options);
      ASSERT_EQ(first.request("GET", "/identity").body, expiring.identity());
      options.session = first.takeSession();
    }
    std::string answer;
    for (int i = 0; i < 100 && answer != "refused"; ++i) {
      ::usleep(100'000);
      answer = answerTo(server, options);
    }
    EXPECT_EQ(answer, "refused");
    SSL_SESSION_free(options.session);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, ResumptionAfter, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& test) { return test.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

}  // namespace
}  // namespace kes::http::test
