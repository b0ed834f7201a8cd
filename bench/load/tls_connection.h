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
};
using SslContext = std::unique_ptr<SSL_CTX, SslFree>;

// A context that offers the client certificate in `certificateFile` and trusts every server.
[[nodiscard]] SslContext makeContext(const std::string& certificateFile, const std::string& keyFile,
                                     std::string_view protocol);

// A TLS connection over memory buffers: one recv and one send per turn, as few system calls as the server's
// own side.
class TlsConnection {
 public:
  // Connects and shakes hands, blocking; then goes on non-blocking. Throws std::runtime_error.
  TlsConnection(SSL_CTX* context, const std::string& host, std::uint16_t port);
  TlsConnection(TlsConnection&& other) noexcept;
  TlsConnection& operator=(TlsConnection&&) = delete;
  ~TlsConnection();

  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  // Decrypts what the socket has into `out` (appended). False at the end of the connection.
  [[nodiscard]] bool receive(std::string& out);
  // Encrypts and sends. False when the connection broke.
  [[nodiscard]] bool send(std::string_view data);

 private:
  [[nodiscard]] bool flush();
  void handshake();

  int fd_ = -1;
  std::unique_ptr<SSL, SslFree> ssl_;
  BIO* incoming_ = nullptr;  // owned by ssl_
  BIO* outgoing_ = nullptr;  // owned by ssl_
};

}  // namespace kes::load
