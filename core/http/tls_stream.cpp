#include "http/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <vector>

#include "http/certificate_time.h"

namespace kes::http {
namespace {

bool isAboutCertificate(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  const int reason = ERR_GET_REASON(error);
  return reason == SSL_R_CERTIFICATE_VERIFY_FAILED || reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
}

// An error that another connection left on this thread's queue would be taken for ours.
void forgetErrors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

// A BIO over the two buffers. It never blocks and never fails: writing appends, reading an empty buffer asks
// for a retry.
struct TlsStream::BioMethod {
  static int read(BIO* bio, char* out, int size) {
    auto& input = static_cast<TlsStream*>(BIO_get_data(bio))->input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const auto count = std::min(input.size(), static_cast<std::size_t>(std::max(size, 0)));
    std::copy_n(input.begin(), count, reinterpret_cast<std::uint8_t*>(out));
    input = input.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* bytes, int size) {
    auto& output = static_cast<TlsStream*>(BIO_get_data(bio))->output_;
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes);
    output.insert(output.end(), begin, begin + size);
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static BIO_METHOD* get() {
    static BIO_METHOD* const method = [] {
      auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "connection buffers");
      BIO_meth_set_read(made, read);
      BIO_meth_set_write(made, write);
      BIO_meth_set_ctrl(made, control);
      BIO_meth_set_create(made, create);
      return made;
    }();
    return method;
  }
};

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context)
    : context_(std::move(context)), ssl_(SSL_new(context_->native())) {
  auto* bio = BIO_new(BioMethod::get());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    ssl_.reset();
    return;
  }
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() {
  // Without it OpenSSL takes the end of the connection for an attack and forgets the session.
  if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

TlsStream::Step TlsStream::handshake() {
  forgetErrors();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Step::done;
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return Step::wantsInput;
  refusedCertificate_ = isAboutCertificate(ERR_peek_last_error());
  failure_ = describeFailure();
  return Step::failed;
}

bool TlsStream::choseHttp2() const noexcept {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return size == 2 && name[0] == 'h' && name[1] == '2';
}

const PeerRecord& TlsStream::peerRecord() {
  if (!peer_) peer_ = resumed() ? std::move(resumedClient_) : identifyPeer();
  return *peer_;
}

TlsStream::ReadResult TlsStream::read(base::ByteSpan out) {
  forgetErrors();
  const int count = SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
  if (count > 0) return {Read::data, static_cast<std::size_t>(count)};
  switch (SSL_get_error(ssl_.get(), count)) {
    case SSL_ERROR_WANT_READ:
      return {Read::wantsInput, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {Read::closed, 0};
    default:
      failure_ = describeFailure();
      return {Read::failed, 0};
  }
}

bool TlsStream::write(base::ByteView plaintext) {
  while (!plaintext.empty()) {
    forgetErrors();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written) != 1) {
      failure_ = describeFailure();
      return false;
    }
    plaintext = plaintext.subspan(written);
  }
  return true;
}

void TlsStream::sendCloseNotify() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsStream::noteRefused(std::span<X509* const> chain) {
  refusedIdentity_ = context_->verifier().identify(chain).value_or(std::string());
}

std::string TlsStream::describeFailure() const {
  const auto verified = SSL_get_verify_result(ssl_.get());
  const auto error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    ERR_clear_error();
    return "tls: client certificate of " + (refusedIdentity_.empty() ? "nobody" : refusedIdentity_) +
           " refused: " + context_->verifier().explain(static_cast<int>(verified));
  }
  return "tls: " + takeOpenSslError();
}

// The certificates in the order in which the client sent them: that order decides who it is.
PeerRecord TlsStream::identifyPeer() const {
  PeerRecord record;
  record.verifiedUntil = verifiedUntil_;
  auto* first = SSL_get0_peer_certificate(ssl_.get());
  if (first == nullptr) {
    record.error = base::ErrorCode::noClientCertificate;
    return record;
  }
  std::vector<X509*> chain{first};
  const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(ssl_.get());  // on a server without the first
  for (int i = 0; i < sk_X509_num(rest); ++i) chain.push_back(sk_X509_value(rest, i));

  auto identity = context_->verifier().identify(chain);
  if (identity && !identity->empty()) {
    record.identity = std::move(*identity);
  } else {
    record.error = identity ? base::ErrorCode::noClientCertificate : identity.error().code();
  }
  return record;
}

}  // namespace kes::http
