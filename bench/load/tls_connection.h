#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kes::load {

struct SslFree {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

// What all connections share: the client certificate, TLS 1.3 with one cipher (the servers of a comparison
// use the same) and one group. Trusts every server. Keeps the newest session that a server gave.
class TlsContext {
 public:
  // Throws std::runtime_error.
  TlsContext(const std::string& certificateFile, const std::string& keyFile, std::string_view protocol,
             std::string group);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }
  // Null while no server has given one.
  [[nodiscard]] SSL_SESSION* newestSession() const noexcept { return session_.get(); }

 private:
  std::unique_ptr<SSL_CTX, SslFree> context_;
  std::unique_ptr<SSL_SESSION, SslFree> session_;
};

// A socket that is connected to an IPv4 address. Throws std::runtime_error.
[[nodiscard]] int connectTo(const std::string& host, std::uint16_t port);

// A TLS connection over memory buffers: one recv and one send per turn, as few system calls as the server's
// own side.
class TlsConnection {
 public:
  // Takes a connected socket and sends the first flight; resumes `session` if there is one. Throws
  // std::runtime_error.
  TlsConnection(const TlsContext& context, int socket, SSL_SESSION* session = nullptr);
  TlsConnection(TlsConnection&& other) noexcept;
  TlsConnection& operator=(TlsConnection&&) = delete;
  // Closes as clients do, with close_notify.
  ~TlsConnection();

  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  // Goes on with the handshake as far as what the socket has allows. True when it is done. Throws.
  [[nodiscard]] bool continueHandshake();
  // The same, waiting until it is done.
  void finishHandshake();
  [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

  // Waits until there is something to receive; false after ten seconds.
  [[nodiscard]] bool wait() const;
  // Decrypts what the socket has into `out` (appended). False at the end of the connection.
  [[nodiscard]] bool receive(std::string& out);
  // Encrypts and sends. False when the connection broke.
  [[nodiscard]] bool send(std::string_view data);

 private:
  [[nodiscard]] bool flush();

  int fd_ = -1;
  std::unique_ptr<SSL, SslFree> ssl_;
  BIO* incoming_ = nullptr;  // owned by ssl_
  BIO* outgoing_ = nullptr;  // owned by ssl_
};

}  // namespace kes::load
