#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "http/openssl_ptr.h"
#include "http/peer_record.h"
#include "http/tls_context.h"

namespace kes::http {

// The TLS side of one connection, free of system calls: ciphertext is fed in and collected from `output`.
class TlsStream {
 public:
  explicit TlsStream(std::shared_ptr<const TlsContext> context);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // False when there was no memory for it.
  [[nodiscard]] bool valid() const noexcept { return ssl_ != nullptr; }
  [[nodiscard]] static TlsStream& of(const SSL* ssl) {
    return *static_cast<TlsStream*>(SSL_get_app_data(ssl));
  }

  // Lends ciphertext that has arrived. What `unread` still holds after the calls below is the caller's to
  // keep.
  void feed(base::ByteView ciphertext) noexcept { input_ = ciphertext; }
  [[nodiscard]] base::ByteView unread() const noexcept { return input_; }
  // Ciphertext to be sent.
  [[nodiscard]] base::Bytes& output() noexcept { return output_; }
  [[nodiscard]] const base::Bytes& output() const noexcept { return output_; }

  enum class Step { done, wantsInput, failed };
  [[nodiscard]] Step handshake();
  [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }
  [[nodiscard]] bool choseHttp2() const noexcept;
  [[nodiscard]] std::uint64_t authGeneration() const noexcept { return context_->authGeneration(); }
  // Who the peer is, once its certificates are known, or the session it resumes.
  [[nodiscard]] const PeerRecord& peerRecord();

  // Decrypts one record into `out`, which must hold 16 KiB.
  enum class Read { data, wantsInput, closed, failed };
  struct ReadResult {
    Read outcome;
    std::size_t size;
  };
  [[nodiscard]] ReadResult read(base::ByteSpan out);
  // Encrypts all of it.
  [[nodiscard]] bool write(base::ByteView plaintext);
  void sendCloseNotify();
  // Frees OpenSSL's record buffers, 33 KB, until they are needed again. (SSL_MODE_RELEASE_BUFFERS would do so
  // after every record and, with SSL_OP_CLEANSE_PLAINTEXT, wipe 16 KB each time: 2 µs per request.) Does
  // nothing while a part of a record is in them.
  void releaseBuffers() { SSL_free_buffers(ssl_.get()); }

  // True where the last step failed for the client's certificate, or for want of one.
  [[nodiscard]] bool refusedCertificate() const noexcept { return refusedCertificate_; }
  // Why the last step failed, for a person.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  // For the callbacks of TlsContext.
  [[nodiscard]] const TlsContext& context() const noexcept { return *context_; }
  // Remembers until when, in seconds since 1970, the whole chain is valid.
  void noteVerified(std::int64_t until) { verifiedUntil_ = until; }
  // Remembers whose chain it was that did not pass.
  void noteRefused(std::span<X509* const> chain);
  // Remembers who made the session that is about to be resumed.
  void noteResumedClient(PeerRecord client) { resumedClient_ = std::move(client); }

 private:
  struct BioMethod;

  [[nodiscard]] std::string describeFailure() const;
  [[nodiscard]] PeerRecord identifyPeer() const;

  std::shared_ptr<const TlsContext> context_;
  SslPtr ssl_;
  base::ByteView input_;
  base::Bytes output_;
  std::optional<PeerRecord> peer_;
  PeerRecord resumedClient_;
  std::optional<std::int64_t> verifiedUntil_;
  bool refusedCertificate_ = false;
  std::string refusedIdentity_;
  std::string failure_;
};

}  // namespace kes::http
