// What the listener makes of TLS clients: versions, protocols, certificates, resumption.

#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "http/tls_context.h"
#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

// Over TLS 1.3 a client learns that its certificate was refused only when it reads.
[[nodiscard]] bool isServed(TestServer& server, const ClientOptions& options) {
  H1Client client(server.port(), options);
  return client.connected() && client.request("GET", "/hello").status == 200;
}

[[nodiscard]] std::string identityFor(TestServer& server, const ClientOptions& options) {
  H1Client client(server.port(), options);
  return client.request("GET", "/identity").body;
}

TEST(TlsProtocol, clientWithoutAlpnGetsHttp1) {
  TestServer server;
  const auto credential = makeCredential({});
  H1Client client(server.port(), {.credential = &credential});

  EXPECT_EQ(client.request("GET", "/hello").status, 200);
  EXPECT_EQ(client.protocol(), "");
}

TEST(TlsProtocol, http2IsPreferredWhateverTheClientsOrder) {
  TestServer server;
  const auto credential = makeCredential({});
  TlsClient client(server.port(), {.credential = &credential, .protocols = {"http/1.1", "h2"}});

  EXPECT_EQ(client.protocol(), "h2");
}

TEST(TlsProtocol, cipherIsOurChoiceUnlessTheClientHasNoAes) {
  TestServer server;
  const auto credential = makeCredential({});
  const auto chosen = [&](const char* offered) {
    TlsClient client(server.port(), {.credential = &credential, .ciphers = offered});
    return std::string(SSL_get_cipher_name(client.ssl()));
  };

  EXPECT_EQ(chosen("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(chosen("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"), "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(chosen("TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"), "TLS_CHACHA20_POLY1305_SHA256");
}

TEST(TlsProtocol, unknownProtocolIsRefused) {
  TestServer server;
  const auto credential = makeCredential({});
  TlsClient client(server.port(), {.credential = &credential, .protocols = {"spdy/1"}});

  EXPECT_FALSE(client.connected());
}

TEST(TlsProtocol, versionsBelow12AreRefused) {
  TestServer server;
  const auto credential = makeCredential({.keyType = KeyType::p256});
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    EXPECT_FALSE(isServed(server, {.credential = &credential, .version = version}));
  }
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_TRUE(isServed(server, {.credential = &credential, .version = version}));
  }
}

TEST(TlsProtocol, renegotiationIsRefused) {
  TestServer server;
  const auto credential = makeCredential({.keyType = KeyType::p256});
  H1Client client(server.port(), {.credential = &credential, .version = TLS1_2_VERSION});
  ASSERT_EQ(client.request("GET", "/hello").status, 200);

  EXPECT_NE(SSL_renegotiate(client.ssl()) == 1 && SSL_do_handshake(client.ssl()) == 1, true);
}

TEST(TlsProtocol, plainHttpIsToldSo) {
  TestServer server;
  const int fd = connectTcp(server.port());
  const std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer(200, '\0');
  answer.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(fd, answer.data(), answer.size()), 0)));
  ::close(fd);

  EXPECT_EQ(answer, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
  EXPECT_TRUE(server.journal().sawError("plain HTTP"));
  EXPECT_EQ(server->counters().failed(HandshakeFailure::plaintext), 1U);
}

TEST(TlsProtocol, garbageEndsTheConnectionAndIsReported) {
  TestServer server;
  const int fd = connectTcp(server.port());
  const std::string garbage(100, 'x');
  ASSERT_EQ(::write(fd, garbage.data(), garbage.size()), static_cast<ssize_t>(garbage.size()));

  EXPECT_TRUE(server.journal().sawError("tls: "));
  std::string rest(100, '\0');
  while (::read(fd, rest.data(), rest.size()) > 0) {
  }
  ::close(fd);
  EXPECT_EQ(server->counters().failed(HandshakeFailure::protocol), 1U);
}

TEST(TlsProtocol, helloThatNeverComesTimesOut) {
  TestServerOptions options;
  options.settings.limits.handshake = std::chrono::milliseconds(50);
  TestServer server(options);
  const int silent = connectTcp(server.port());
  const int slow = connectTcp(server.port());
  ASSERT_EQ(::write(slow, "\x16\x03\x01", 3), 3);

  char byte = 0;
  EXPECT_LE(::read(silent, &byte, 1), 0);
  EXPECT_LE(::read(slow, &byte, 1), 0);
  EXPECT_TRUE(server.journal().sawError("handshake timed out"));
  EXPECT_EQ(server->counters().failed(HandshakeFailure::timeout), 1U) << "the silent one has not begun any";
  ::close(silent);
  ::close(slow);
}

struct ClientKey {
  const char* name;
  KeyType type;
  int version;
};

class TlsClientKey : public testing::TestWithParam<ClientKey> {};

TEST_P(TlsClientKey, givesItsIdentity) {
  TestServer server;
  const auto credential = makeCredential({.keyType = GetParam().type});

  EXPECT_EQ(identityFor(server, {.credential = &credential, .version = GetParam().version}),
            credential.identity());
}

INSTANTIATE_TEST_SUITE_P(Cases, TlsClientKey,
                         testing::Values(ClientKey{"Ed25519Tls13", KeyType::ed25519, TLS1_3_VERSION},
                                         ClientKey{"Ed25519Tls12", KeyType::ed25519, TLS1_2_VERSION},
                                         ClientKey{"P256Tls13", KeyType::p256, TLS1_3_VERSION},
                                         ClientKey{"P256Tls12", KeyType::p256, TLS1_2_VERSION},
                                         ClientKey{"P521Tls13", KeyType::p521, TLS1_3_VERSION},
                                         ClientKey{"P521Tls12", KeyType::p521, TLS1_2_VERSION},
                                         ClientKey{"Rsa2048Tls13", KeyType::rsa2048, TLS1_3_VERSION},
                                         ClientKey{"Rsa2048Tls12", KeyType::rsa2048, TLS1_2_VERSION}),
                         [](const auto& test) { return test.param.name; });

TEST(ClientCertificate, isRequiredByDefault) {
  TestServer server;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_FALSE(isServed(server, {.version = version}));
  }
  EXPECT_TRUE(server.journal().sawError("peer did not return a certificate"));
  EXPECT_EQ(server->counters().failed(HandshakeFailure::certificate), 2U);
}

TEST(ClientCertificate, mayBeAbsentWhereSomeRouteNeedsNone) {
  TestServer server({.requireClientCertificate = false});
  const auto credential = makeCredential({});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(identityFor(server, {.version = version}), "no certificate");
    EXPECT_EQ(identityFor(server, {.credential = &credential, .version = version}), credential.identity());
  }
}

TEST(ClientCertificate, isNotCheckedWhenChainsAreNotVerified) {
  TestServer server;
  const auto expired =
      makeCredential({.extendedKeyUsage = "serverAuth", .validFromSeconds = -7200, .validForSeconds = -3600});

  EXPECT_EQ(identityFor(server, {.credential = &expired}), expired.identity());
}

// The names of the CAs that the server asks for.
[[nodiscard]] int requestedAuthorities(TestServer& server, const Credential& credential, int version) {
  H1Client client(server.port(), {.credential = &credential, .version = version});
  const auto* names = SSL_get0_peer_CA_list(client.ssl());
  return names == nullptr ? 0 : sk_X509_NAME_num(names);
}

TEST(ClientCertificate, isAskedForWithoutNamingAuthorities) {
  const TempDir dir;
  const auto ca = makeCredential({.name = "ca", .isCa = true});
  const auto file = dir.write("ca.pem", ca.pem());
  const auto credential = makeCredential({.extendedKeyUsage = "clientAuth", .issuer = &ca});
  for (const bool verify : {false, true}) {
    TestServer server({.clientChain = verify ? ClientChain::verified : ClientChain::unchecked, .ca = file});
    EXPECT_EQ(requestedAuthorities(server, credential, TLS1_2_VERSION), 0);
    EXPECT_EQ(requestedAuthorities(server, credential, TLS1_3_VERSION), 0);
  }
}

struct VerifiedCase {
  const char* name;
  CertificateSpec spec;
  bool issuedByCa;
  bool served;
};

class VerifiedChain : public testing::TestWithParam<VerifiedCase> {};

TEST_P(VerifiedChain, decidesWhoIsServed) {
  const TempDir dir;
  const auto ca = makeCredential({.name = "ca", .isCa = true});
  TestServer server({.clientChain = ClientChain::verified, .ca = dir.write("ca.pem", ca.pem())});
  auto spec = GetParam().spec;
  if (GetParam().issuedByCa) spec.issuer = &ca;
  const auto credential = makeCredential(spec);

  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(isServed(server, {.credential = &credential, .version = version}), GetParam().served);
  }
  if (!GetParam().served) {
    EXPECT_TRUE(server.journal().sawError("client certificate of " + credential.identity() + " refused: "));
  }
  EXPECT_EQ(server->counters().failed(HandshakeFailure::certificate), GetParam().served ? 0U : 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, VerifiedChain,
    testing::Values(
        VerifiedCase{"Good", {.extendedKeyUsage = "clientAuth"}, true, true},
        VerifiedCase{"WithoutExtendedKeyUsage", {}, true, true},
        VerifiedCase{"ServerAuthOnly", {.extendedKeyUsage = "serverAuth"}, true, false},
        VerifiedCase{"Expired", {.validFromSeconds = -7200, .validForSeconds = -3600}, true, false},
        VerifiedCase{"NotYetValid", {.validFromSeconds = 3600, .validForSeconds = 7200}, true, false},
        VerifiedCase{"SelfSigned", {.extendedKeyUsage = "clientAuth"}, false, false}),
    [](const auto& test) { return test.param.name; });

TEST(VerifiedChainOfThree, isServedWhenTheClientSendsTheIntermediate) {
  const TempDir dir;
  const auto root = makeCredential({.name = "root", .isCa = true});
  const auto intermediate = makeCredential({.name = "intermediate", .isCa = true, .issuer = &root});
  const auto leaf = makeCredential({.extendedKeyUsage = "clientAuth", .issuer = &intermediate});
  TestServer server({.clientChain = ClientChain::verified, .ca = dir.write("root.pem", root.pem())});

  EXPECT_EQ(identityFor(server, {.credential = &leaf, .chain = {intermediate.certificate.get()}}),
            leaf.identity());
  EXPECT_FALSE(isServed(server, {.credential = &leaf}));
}

TEST(VerifiedChainOfThree, isServedWhenTheIntermediateAloneIsTrusted) {
  const TempDir dir;
  const auto root = makeCredential({.name = "root", .isCa = true});
  const auto intermediate = makeCredential({.name = "intermediate", .isCa = true, .issuer = &root});
  const auto leaf = makeCredential({.extendedKeyUsage = "clientAuth", .issuer = &intermediate});
  TestServer server({.clientChain = ClientChain::verified, .ca = dir.write("ca.pem", intermediate.pem())});

  EXPECT_TRUE(isServed(server, {.credential = &leaf}));
}

TEST(Impersonation, someoneElsesLeafBehindTheOwnCertificateDoesNotHelp) {
  const auto victim = makeCredential({.name = "victim"});
  for (const bool ownIsCa : {false, true}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TestServer server;
      const auto own = makeCredential({.name = "own", .isCa = ownIsCa});
      const auto answer =
          identityFor(server, {.credential = &own, .chain = {victim.certificate.get()}, .version = version});

      EXPECT_EQ(answer, ownIsCa ? "no certificate" : "too many");
      const auto chains = server.journal().chains();
      ASSERT_EQ(chains.size(), 1U);
      EXPECT_EQ(chains[0], (std::vector{own.identity(), victim.identity()}));
    }
  }
}

class Resumption : public testing::TestWithParam<int> {
 protected:
  // One full connection that leaves a ticket.
  [[nodiscard]] SSL_SESSION* firstSession(TestServer& server, const ClientOptions& options) {
    H1Client client(server.port(), options);
    EXPECT_EQ(client.request("GET", "/hello").status, 200);
    return client.takeSession();
  }
};

TEST_P(Resumption, keepsTheIdentityWithoutAskingAgain) {
  TestServer server;
  const auto credential = makeCredential({});
  auto* session = firstSession(server, {.credential = &credential, .version = GetParam()});
  ASSERT_NE(session, nullptr);

  // The resuming client has no certificate to show: the ticket is all there is.
  H1Client resumed(server.port(), {.version = GetParam(), .session = session});
  EXPECT_EQ(resumed.request("GET", "/identity").body, credential.identity());
  EXPECT_EQ(SSL_session_reused(resumed.ssl()), 1);
  SSL_SESSION_free(session);

  EXPECT_EQ(server.journal().chains().size(), 1U);
  EXPECT_EQ(server->counters().resumed, 1U);
}

TEST_P(Resumption, keepsTheReasonWhyThereIsNoIdentity) {
  TestServer server;
  const auto credential = makeCredential({});
  const auto other = makeCredential({});
  auto* session = firstSession(
      server, {.credential = &credential, .chain = {other.certificate.get()}, .version = GetParam()});

  EXPECT_EQ(identityFor(server, {.version = GetParam(), .session = session}), "too many");
  SSL_SESSION_free(session);
}

TEST_P(Resumption, canBeRepeatedWithEachNewTicket) {
  TestServer server;
  const auto credential = makeCredential({});
  auto* session = firstSession(server, {.credential = &credential, .version = GetParam()});
  for (int i = 0; i < 3; ++i) {
    H1Client resumed(server.port(), {.version = GetParam(), .session = session});
    EXPECT_EQ(resumed.request("GET", "/identity").body, credential.identity());
    EXPECT_EQ(SSL_session_reused(resumed.ssl()), 1);
    if (auto* newer = resumed.takeSession()) {
      SSL_SESSION_free(session);
      session = newer;
    }
  }
  SSL_SESSION_free(session);
}

TEST_P(Resumption, isNotForClientsWithLargeChains) {
  TestServer server;
  const auto credential = makeCredential({});
  std::vector<Credential> issuers;
  for (int i = 0; i < 64; ++i) issuers.push_back(makeCredential({.name = "issuer", .isCa = true}));
  ClientOptions options{.credential = &credential, .version = GetParam()};
  for (const auto& issuer : issuers) options.chain.push_back(issuer.certificate.get());
  auto* session = firstSession(server, options);
  ASSERT_NE(session, nullptr);

  options.session = session;
  H1Client again(server.port(), options);
  EXPECT_EQ(again.request("GET", "/identity").body, credential.identity());
  EXPECT_EQ(SSL_session_reused(again.ssl()), 0);
  SSL_SESSION_free(session);
}

TEST_P(Resumption, endsWhenClientAuthenticationChanges) {
  const TempDir dir;
  const auto ca = makeCredential({.name = "ca", .isCa = true});
  const auto credential = makeCredential({.extendedKeyUsage = "clientAuth", .issuer = &ca});
  TestServer server;
  auto* session = firstSession(server, {.credential = &credential, .version = GetParam()});
  ASSERT_TRUE(server.updateTls({.clientChain = ClientChain::verified, .ca = dir.write("ca.pem", ca.pem())}));

  H1Client again(server.port(), {.credential = &credential, .version = GetParam(), .session = session});
  EXPECT_EQ(again.request("GET", "/identity").body, credential.identity());
  EXPECT_EQ(SSL_session_reused(again.ssl()), 0);
  SSL_SESSION_free(session);
}

TEST_P(Resumption, survivesANewServerCertificate) {
  TestServer server;
  const auto credential = makeCredential({});
  auto* session = firstSession(server, {.credential = &credential, .version = GetParam()});
  const auto renewed = makeCredential({.keyType = KeyType::p256, .extendedKeyUsage = "serverAuth"});
  ASSERT_TRUE(server.updateTls({.credential = &renewed}));

  H1Client resumed(server.port(), {.version = GetParam(), .session = session});
  EXPECT_EQ(resumed.request("GET", "/identity").body, credential.identity());
  EXPECT_EQ(SSL_session_reused(resumed.ssl()), 1);
  SSL_SESSION_free(session);
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& test) { return test.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST(UpdateTls, newConnectionsSeeTheNewCertificateAndOldOnesStay) {
  TestServer server;
  const auto credential = makeCredential({});
  H1Client old(server.port(), {.credential = &credential});
  ASSERT_EQ(old.request("GET", "/hello").status, 200);
  const auto renewed = makeCredential({.keyType = KeyType::p256, .extendedKeyUsage = "serverAuth"});

  ASSERT_TRUE(server.updateTls({.credential = &renewed}));

  H1Client fresh(server.port(), {.credential = &credential});
  EXPECT_EQ(identityOf(SSL_get0_peer_certificate(fresh.ssl())), renewed.identity());
  EXPECT_EQ(old.request("GET", "/hello").status, 200);
}

TEST(UpdateTls, changedClientAuthenticationDrainsOldConnections) {
  const TempDir dir;
  const auto ca = makeCredential({.name = "ca", .isCa = true});
  TestServer server;
  const auto credential = makeCredential({});
  H1Client idle(server.port(), {.credential = &credential});
  ASSERT_EQ(idle.request("GET", "/hello").status, 200);
  H1Client busy(server.port(), {.credential = &credential});
  busy.send("GET /defer HTTP/1.1\r\nHost: h\r\n\r\n");
  auto deferred = server.journal().takeDeferred();
  H1Client active(server.port(), {.credential = &credential});
  ASSERT_EQ(active.request("GET", "/hello").status, 200);
  H2Client multiplexed(server.port(), {.credential = &credential});
  ASSERT_EQ(multiplexed.fetch({}).status, 200);

  ASSERT_TRUE(server.updateTls({.clientChain = ClientChain::verified, .ca = dir.write("ca.pem", ca.pem())}));

  const auto last = active.request("GET", "/hello");
  EXPECT_EQ(last.status, 200) << "a request that may have been on its way is answered";
  EXPECT_EQ(last.headers.at("connection"), "close");
  EXPECT_TRUE(active.atEnd());
  EXPECT_TRUE(idle.atEnd());
  deferred.post([](Exchange* exchange) { exchange->respond(200, "", "in flight"); });
  const auto response = busy.response();
  EXPECT_EQ(response.body, "in flight");
  EXPECT_EQ(response.headers.at("connection"), "close");
  multiplexed.waitForEnd();
  EXPECT_EQ(multiplexed.goawayCode(), static_cast<std::uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_GE(multiplexed.goaways(), 1);
  EXPECT_FALSE(isServed(server, {.credential = &credential}));
}

TEST(UpdateTls, badSettingsLeaveTheOldOnesInForce) {
  TestServer server;
  const auto credential = makeCredential({});
  const auto forClients = makeCredential({.keyType = KeyType::p256, .extendedKeyUsage = "clientAuth"});
  const auto refused = server.updateTls({.credential = &forClients});

  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("serverAuth"), std::string::npos);
  EXPECT_TRUE(isServed(server, {.credential = &credential}));
}

// What `TlsContext::create` says about settings it refuses; empty when it takes them.
[[nodiscard]] std::string refusalOf(const TestServerOptions& options) {
  const auto made =
      TlsContext::create(tlsSettingsOf(options), makeVerifier(std::make_shared<Journal>()), nullptr);
  return made ? std::string() : made.error().message;
}

TEST(TlsSettingsCheck, refusesACertificateThatIsNotForServers) {
  const auto forClients = makeCredential({.keyType = KeyType::p256, .extendedKeyUsage = "clientAuth"});
  const auto forAll = makeCredential({.keyType = KeyType::p256});
  const auto forBoth =
      makeCredential({.keyType = KeyType::p256, .extendedKeyUsage = "clientAuth,serverAuth"});

  EXPECT_NE(refusalOf({.credential = &forClients}).find("serverAuth"), std::string::npos);
  EXPECT_EQ(refusalOf({.credential = &forAll}), "");
  EXPECT_EQ(refusalOf({.credential = &forBoth}), "");
}

TEST(TlsSettingsCheck, refusesAKeyThatIsNotTheCertificates) {
  auto mixed = makeCredential({.keyType = KeyType::p256});
  mixed.key = makeKey(KeyType::p256);

  EXPECT_EQ(refusalOf({.credential = &mixed}), "the private key does not belong to the server certificate");
}

TEST(CertificateExpiry, isOfTheServersAndOfTheFirstAuthorityToEnd) {
  const TempDir dir;
  const auto soon = makeCredential({.name = "soon", .isCa = true, .validForSeconds = 1000});
  const auto late = makeCredential({.name = "late", .isCa = true, .validForSeconds = 2000});
  TestServer server(
      {.clientChain = ClientChain::verified, .ca = dir.write("ca.pem", late.pem() + soon.pem())});
  const auto now = base::Timestamp::now().seconds;

  const auto before = server->certificateExpiry();
  EXPECT_NEAR(static_cast<double>(before.ca.value_or(0) - now), 1000, 100);
  EXPECT_FALSE(before.chain);

  const auto renewed = makeCredential({.extendedKeyUsage = "serverAuth", .validForSeconds = 5000});
  ASSERT_TRUE(server.updateTls({.credential = &renewed}));
  const auto after = server->certificateExpiry();
  EXPECT_NEAR(static_cast<double>(after.server.value_or(0) - now), 5000, 100);
  EXPECT_FALSE(after.ca);
}

}  // namespace
}  // namespace kes::http::test
