#include "http/tls_context.h"

#include <Poco/Exception.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <vector>

#include "base/secret.h"
#include "http/certificate_time.h"
#include "http/client_trust.h"
#include "http/openssl_ptr.h"
#include "http/tls_stream.h"

namespace kes::http {
namespace {

// A client that prefers another group gets one of these; X448 alone would add half a millisecond to a
// handshake. P-521 is here for clients with such a key over TLS 1.2.
constexpr auto kGroups = "X25519:P-256:P-384:P-521";
// In our order of preference, which is the one of most clients: with curves of 128 bits AES-256 would add
// nothing.
constexpr auto kSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// TLS 1.2: what RFC 9113 §9.2.2 leaves over.
constexpr auto kCiphers = "ECDHE+AESGCM+AES128:ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr long kLongestCertificateList = 64 * 1024;
constexpr long kSessionSeconds = 2 * 60 * 60;
constexpr std::size_t kMostSessions = 4096;
// OpenSSL keeps the client's certificates with each session. Whoever shows more than this shakes hands in
// full.
constexpr int kLargestKeptChain = 8 * 1024;

int selectProtocol(SSL*, const unsigned char** out, unsigned char* outSize, const unsigned char* offered,
                   unsigned offeredSize, void*) {
  static constexpr unsigned char kServed[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, outSize, kServed, sizeof kServed - 1, offered, offeredSize);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// That the client has the key of its certificate is proven by TLS itself; the certificate says no more.
int acceptAnyChain(X509_STORE_CTX* store, void*) {
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

TlsStream& streamOf(X509_STORE_CTX* store) {
  return TlsStream::of(
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())));
}

// The client's certificates as it sent them.
std::vector<X509*> sentChain(X509_STORE_CTX* store) {
  const STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(store);
  std::vector<X509*> chain;
  chain.reserve(static_cast<std::size_t>(std::max(0, sk_X509_num(sent))));
  for (int i = 0; i < sk_X509_num(sent); ++i) chain.push_back(sk_X509_value(sent, i));
  return chain;
}

int verifyChain(X509_STORE_CTX* store, void*) {
  auto& stream = streamOf(store);
  if (X509_verify_cert(store) == 1) {
    stream.noteVerified(validUntil(X509_STORE_CTX_get0_chain(store)));
    return 1;
  }
  stream.noteRefused(sentChain(store));
  return 0;
}

// Whom we know need not be verified, which costs more than to look.
int verifyUnlessKnown(X509_STORE_CTX* store, void* unused) {
  const auto& verifier = streamOf(store).context().verifier();
  const auto identity = verifier.identify(sentChain(store));
  if (identity && verifier.isKnown(*identity)) return acceptAnyChain(store, unused);
  return verifyChain(store, unused);
}

auto callbackFor(ClientChain rule) {
  switch (rule) {
    case ClientChain::unchecked:
      return acceptAnyChain;
    case ClientChain::verified:
      return verifyChain;
    case ClientChain::verifiedOrKnown:
      break;
  }
  return verifyUnlessKnown;
}

// Whether a client who once got through a full handshake would get through another, as far as can be told
// without its certificates.
bool mayResume(const TlsContext& context, const PeerRecord& client) {
  const bool verified = isStillVerified(client, base::Timestamp::now().seconds);
  switch (context.clientChain()) {
    case ClientChain::unchecked:
      return true;
    case ClientChain::verified:
      return verified;
    case ClientChain::verifiedOrKnown:
      return verified || context.verifier().isKnown(client.identity);
  }
  return false;
}

bool isSmall(const SSL* ssl) {
  int size = 0;
  const auto add = [&](X509* certificate) { size += i2d_X509(certificate, nullptr); };
  if (auto* first = SSL_get0_peer_certificate(ssl)) add(first);
  const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(rest); ++i) add(sk_X509_value(rest, i));
  return size <= kLargestKeptChain;
}

int keepSession(SSL* ssl, SSL_SESSION* session) {
  auto& stream = TlsStream::of(ssl);
  if (!isSmall(ssl)) return 0;
  stream.context().sessions().add(SessionPtr(session), stream.peerRecord());
  return 1;
}

SSL_SESSION* findSession(SSL* ssl, const unsigned char* id, int size, int* takesReference) {
  *takesReference = 0;
  auto& stream = TlsStream::of(ssl);
  auto found = stream.context().sessions().find(
      {reinterpret_cast<const char*>(id), static_cast<std::size_t>(std::max(size, 0))});
  if (!found || !mayResume(stream.context(), found->client)) return nullptr;
  stream.noteResumedClient(std::move(found->client));
  return found->session.release();
}

void forgetSession(SSL_CTX* ctx, SSL_SESSION* session) {
  if (auto* sessions = static_cast<SessionCache*>(SSL_CTX_get_app_data(ctx))) sessions->remove(idOf(session));
}

base::Outcome<void> checkServerUse(X509* certificate) {
  const bool restricted = (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0;
  if (!restricted || (X509_get_extended_key_usage(certificate) & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0)
    return {};
  return base::fail(
      "the server certificate is not made for servers: its extended key usage lacks serverAuth; issue one "
      "with extendedKeyUsage = serverAuth");
}

void noteEarlier(std::optional<std::int64_t>& earliest, const X509* certificate) {
  const std::int64_t notAfter = notAfterOf(certificate);
  earliest = std::min(earliest.value_or(notAfter), notAfter);
}

}  // namespace

std::string takeOpenSslError() {
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  if (reason != nullptr) return reason;
  return ERR_SYSTEM_ERROR(error) ? std::string("system error") : std::string("unknown error");
}

base::Outcome<std::shared_ptr<const TlsContext>> TlsContext::create(
    const TlsSettings& settings, std::shared_ptr<const PeerVerifier> verifier, const TlsContext* previous) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  made->verifier_ = std::move(verifier);
  if (auto done = made->configure(settings); !done) return std::unexpected(done.error());
  if (auto done = made->useCertificate(settings); !done) return std::unexpected(done.error());
  made->authenticateClients(settings);
  made->adoptSessions(previous);
  return made;
}

base::Outcome<void> TlsContext::configure(const TlsSettings& settings) {
  if (settings.key == nullptr || settings.certificate == nullptr) {
    return base::fail("the server needs a private key and a certificate");
  }
  Poco::Net::Context::Params params;
  params.verificationMode = Poco::Net::Context::VERIFY_NONE;
  params.loadDefaultCAs = false;
  params.cipherList = kCiphers;
  params.ecdhCurve = kGroups;
  params.dhUse2048Bits = true;
  try {
    context_ = new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params);
    context_->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    context_->enableExtendedCertificateVerification(false);
  } catch (const Poco::Exception& error) {
    return base::fail("TLS cannot be set up: " + error.displayText());
  }

  auto* ctx = native();
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  // A client that puts ChaCha20 first has no AES in hardware, and gets its way.
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_ciphersuites(ctx, kSuites);
  SSL_CTX_set_max_early_data(ctx, 0);
  SSL_CTX_set_recv_max_early_data(ctx, 0);
  SSL_CTX_set_max_cert_list(ctx, kLongestCertificateList);
  SSL_CTX_set_alpn_select_cb(ctx, selectProtocol, nullptr);
  // Tickets are ids of sessions that we keep: an encrypted one costs two more decodings of the client's
  // certificate.
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_timeout(ctx, kSessionSeconds);
  SSL_CTX_set_session_cache_mode(
      ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
  SSL_CTX_sess_set_new_cb(ctx, keepSession);
  SSL_CTX_sess_set_get_cb(ctx, findSession);
  SSL_CTX_sess_set_remove_cb(ctx, forgetSession);
  return {};
}

base::Outcome<void> TlsContext::useCertificate(const TlsSettings& settings) {
  if (auto fit = checkServerUse(settings.certificate); !fit) return fit;
  ERR_clear_error();
  if (X509_check_private_key(settings.certificate, settings.key) != 1) {
    ERR_clear_error();
    return base::fail("the private key does not belong to the server certificate");
  }
  expiry_.server = notAfterOf(settings.certificate);
  for (const auto* issuer : settings.chain) noteEarlier(expiry_.chain, issuer);
  STACK_OF(X509)* chain = sk_X509_new_null();
  for (auto* certificate : settings.chain) sk_X509_push(chain, certificate);
  const int used = SSL_CTX_use_cert_and_key(native(), settings.certificate, settings.key, chain, 1);
  sk_X509_free(chain);
  if (used != 1) return base::fail("the server certificate cannot be used: " + takeOpenSslError());
  return {};
}

void TlsContext::authenticateClients(const TlsSettings& settings) {
  auto* ctx = native();
  clientChain_ = settings.clientChain;
  const int mode =
      SSL_VERIFY_PEER | (settings.requireClientCertificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
  SSL_CTX_set_verify(ctx, mode, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, callbackFor(clientChain_), nullptr);
  if (settings.trust) {
    SSL_CTX_set1_cert_store(ctx, settings.trust->store());
    expiry_.ca = settings.trust->firstEnd();
  }
  // A client picks its certificate by this list, and one with an API key has none that any CA has issued.
  SSL_CTX_set_client_CA_list(ctx, sk_X509_NAME_new_null());

  base::Bytes rules = {static_cast<std::uint8_t>(settings.requireClientCertificate),
                       static_cast<std::uint8_t>(clientChain_)};
  if (settings.trust) {
    const auto& listed = settings.trust->listed();
    rules.insert(rules.end(), listed.begin(), listed.end());
  }
  authFingerprint_.resize(SSL_MAX_SID_CTX_LENGTH);
  static_assert(SSL_MAX_SID_CTX_LENGTH == 32);
  EVP_Digest(rules.data(), rules.size(), authFingerprint_.data(), nullptr, EVP_sha256(), nullptr);
  SSL_CTX_set_session_id_context(ctx, authFingerprint_.data(), SSL_MAX_SID_CTX_LENGTH);
}

void TlsContext::adoptSessions(const TlsContext* previous) {
  const bool sameRules = previous != nullptr && authFingerprint_ == previous->authFingerprint_;
  if (previous != nullptr) authGeneration_ = previous->authGeneration_ + (sameRules ? 0 : 1);
  sessions_ = sameRules ? previous->sessions_ : std::make_shared<SessionCache>(kMostSessions);
  SSL_CTX_set_app_data(native(), sessions_.get());
}

}  // namespace kes::http
