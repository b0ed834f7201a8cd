#include "http/tls_stream.h"

#include <gtest/gtest.h>

#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

std::int64_t expiryOf(const Credential& credential) {
  tm utc{};
  ASN1_TIME_to_tm(X509_get0_notAfter(credential.certificate.get()), &utc);
  return timegm(&utc);
}

// A client and a TlsStream that pass each other's bytes by hand.
class TlsStreamTest : public testing::Test {
 protected:
  void connect(const TestServerOptions& options, const Credential& credential,
               std::initializer_list<X509*> chain = {}) {
    auto context =
        TlsContext::create(tlsSettingsOf(options), makeVerifier(std::make_shared<Journal>()), nullptr);
    ASSERT_TRUE(context) << context.error().message;
    stream_ = std::make_unique<TlsStream>(*context);
    clientContext_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_use_certificate(clientContext_.get(), credential.certificate.get());
    SSL_CTX_use_PrivateKey(clientContext_.get(), credential.key.get());
    for (auto* certificate : chain) SSL_CTX_add1_chain_cert(clientContext_.get(), certificate);
    client_.reset(SSL_new(clientContext_.get()));
    SSL_set_bio(client_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client_.get());
  }

  // Bytes the client wants to send.
  [[nodiscard]] base::Bytes fromClient() {
    base::Bytes bytes(64 * 1024);
    const int size = BIO_read(SSL_get_wbio(client_.get()), bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
    return bytes;
  }
  void toClient() {
    auto& out = stream_->output();
    if (!out.empty()) BIO_write(SSL_get_rbio(client_.get()), out.data(), static_cast<int>(out.size()));
    out.clear();
  }

  // Passes bytes on, `step` at a time, until the handshake is over.
  [[nodiscard]] TlsStream::Step shakeHands(std::size_t step) {
    auto result = TlsStream::Step::wantsInput;
    for (int turn = 0; turn < 10 && result == TlsStream::Step::wantsInput; ++turn) {
      SSL_do_handshake(client_.get());
      const auto bytes = fromClient();
      for (std::size_t at = 0; at < bytes.size() && result == TlsStream::Step::wantsInput; at += step) {
        stream_->feed(base::ByteView(bytes).subspan(at, std::min(step, bytes.size() - at)));
        result = stream_->handshake();
        EXPECT_TRUE(stream_->unread().empty());
      }
      toClient();
    }
    return result;
  }

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<TlsStream> stream_;
  std::unique_ptr<SSL_CTX, Free> clientContext_;
  std::unique_ptr<SSL, Free> client_;
};

TEST_F(TlsStreamTest, shakesHandsHoweverTheBytesArrive) {
  const auto credential = makeCredential({});
  for (const std::size_t step : {std::size_t(1), std::size_t(100), std::size_t(64 * 1024)}) {
    connect({}, credential);
    ASSERT_EQ(shakeHands(step), TlsStream::Step::done);
    EXPECT_EQ(stream_->peerRecord().identity, credential.identity());
    EXPECT_FALSE(stream_->resumed());
    EXPECT_FALSE(stream_->choseHttp2());
  }
}

TEST_F(TlsStreamTest, remembersUntilWhenTheWholeChainIsValid) {
  const TempDir dir;
  const auto root = makeCredential({.name = "root", .isCa = true, .validForSeconds = 9000});
  const auto intermediate =
      makeCredential({.name = "intermediate", .isCa = true, .validForSeconds = 4000, .issuer = &root});
  const auto leaf = makeCredential({.validForSeconds = 8000, .issuer = &intermediate});
  connect({.clientChain = ClientChain::verified, .ca = dir.write("ca.pem", root.pem())}, leaf,
          {intermediate.certificate.get()});

  ASSERT_EQ(shakeHands(64 * 1024), TlsStream::Step::done);

  EXPECT_EQ(stream_->peerRecord().verifiedUntil, expiryOf(intermediate));
}

TEST_F(TlsStreamTest, remembersNoExpiryWhereChainsAreNotVerified) {
  connect({}, makeCredential({}));

  ASSERT_EQ(shakeHands(64 * 1024), TlsStream::Step::done);

  EXPECT_EQ(stream_->peerRecord().verifiedUntil, std::nullopt);
}

TEST_F(TlsStreamTest, leavesInputThatIsNotReadYetToTheCaller) {
  connect({}, makeCredential({}));
  ASSERT_EQ(shakeHands(64 * 1024), TlsStream::Step::done);
  SSL_do_handshake(client_.get());
  SSL_write(client_.get(), "first", 5);
  SSL_write(client_.get(), "second", 6);
  const auto bytes = fromClient();
  stream_->feed(bytes);

  base::Bytes plaintext(16 * 1024);
  const auto first = stream_->read(plaintext);

  EXPECT_EQ(first.outcome, TlsStream::Read::data);
  EXPECT_EQ(base::textOf(base::ByteView(plaintext).first(first.size)), "first");
  EXPECT_FALSE(stream_->unread().empty());
  EXPECT_EQ(stream_->read(plaintext).size, 6U);
  EXPECT_EQ(stream_->read(plaintext).outcome, TlsStream::Read::wantsInput);
}

TEST_F(TlsStreamTest, writesMoreThanOneRecord) {
  connect({}, makeCredential({}));
  ASSERT_EQ(shakeHands(64 * 1024), TlsStream::Step::done);
  const std::string text(100'000, 't');
  ASSERT_TRUE(stream_->write(base::bytesOf(text)));
  toClient();

  std::string received;
  for (std::string piece(20'000, '\0');;) {
    const int size = SSL_read(client_.get(), piece.data(), static_cast<int>(piece.size()));
    if (size <= 0) break;
    received.append(piece, 0, static_cast<std::size_t>(size));
  }
  EXPECT_EQ(received, text);
}

TEST_F(TlsStreamTest, tamperedRecordFails) {
  connect({}, makeCredential({}));
  ASSERT_EQ(shakeHands(64 * 1024), TlsStream::Step::done);
  SSL_do_handshake(client_.get());
  SSL_write(client_.get(), "secret", 6);
  auto bytes = fromClient();
  bytes.back() ^= 1;
  stream_->feed(bytes);

  base::Bytes plaintext(16 * 1024);
  EXPECT_EQ(stream_->read(plaintext).outcome, TlsStream::Read::failed);
  EXPECT_TRUE(stream_->failure().starts_with("tls: ")) << stream_->failure();
}

TEST_F(TlsStreamTest, closeNotifyEndsTheInput) {
  connect({}, makeCredential({}));
  ASSERT_EQ(shakeHands(64 * 1024), TlsStream::Step::done);
  SSL_do_handshake(client_.get());
  SSL_shutdown(client_.get());
  const auto bytes = fromClient();
  stream_->feed(bytes);

  base::Bytes plaintext(16 * 1024);
  EXPECT_EQ(stream_->read(plaintext).outcome, TlsStream::Read::closed);
}

}  // namespace
}  // namespace kes::http::test
