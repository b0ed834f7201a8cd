#include "tls_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace kes::load {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

[[noreturn]] void fail(const std::string& what) {
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_peek_last_error(), reason.data(), reason.size());
  throw std::runtime_error(what + ": " + reason.data());
}

}  // namespace

TlsContext::TlsContext(const std::string& certificateFile, const std::string& keyFile,
                       std::string_view protocol, std::string group)
    : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* const context = context_.get();
  if (SSL_CTX_use_certificate_chain_file(context, certificateFile.c_str()) != 1) fail(certificateFile);
  if (SSL_CTX_use_PrivateKey_file(context, keyFile.c_str(), SSL_FILETYPE_PEM) != 1) fail(keyFile);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  if (SSL_CTX_set1_groups_list(context, group.data()) != 1) fail("group " + group);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  // Ten thousand idle connections would take 300 MB otherwise.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  std::string alpn(1, static_cast<char>(protocol.size()));
  alpn += protocol;
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    auto* const self = static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    self->session_.reset(session);
    return 1;  // it is ours now
  });
}

int connectTo(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("bad address " + host);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(socket);
    throw std::runtime_error("cannot connect to " + host + ": " + std::strerror(error));
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

TlsConnection::TlsConnection(const TlsContext& context, int socket, SSL_SESSION* session)
    : fd_(socket), ssl_(SSL_new(context.get())) {
  ::fcntl(fd_, F_SETFL, O_NONBLOCK);
  incoming_ = BIO_new(BIO_s_mem());
  outgoing_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_.get(), incoming_, outgoing_);
  SSL_set_connect_state(ssl_.get());
  if (session != nullptr && SSL_set_session(ssl_.get(), session) != 1) fail("session");
  if (continueHandshake()) throw std::runtime_error("a handshake without an answer");
}

TlsConnection::TlsConnection(TlsConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      incoming_(other.incoming_),
      outgoing_(other.outgoing_) {}

TlsConnection::~TlsConnection() {
  if (fd_ < 0) return;
  if (SSL_is_init_finished(ssl_.get()) == 1) {
    SSL_shutdown(ssl_.get());
    (void)flush();
  }
  ::close(fd_);
}

bool TlsConnection::continueHandshake() {
  std::array<char, kChunk> chunk;
  const ssize_t size = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (size == 0) throw std::runtime_error("connection closed in the handshake");
  if (size < 0 && errno != EAGAIN && errno != EINTR)
    throw std::runtime_error("connection lost in the handshake");
  if (size > 0) BIO_write(incoming_, chunk.data(), static_cast<int>(size));
  const int result = SSL_do_handshake(ssl_.get());
  if (!flush()) throw std::runtime_error("connection lost in the handshake");
  if (result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) fail("handshake");
  return result == 1;
}

void TlsConnection::finishHandshake() {
  do {
    if (!wait()) throw std::runtime_error("handshake timed out");
  } while (!continueHandshake());
}

bool TlsConnection::wait() const {
  pollfd wait{fd_, POLLIN, 0};
  return ::poll(&wait, 1, 10'000) == 1;
}

bool TlsConnection::receive(std::string& out) {
  static thread_local std::array<char, kChunk> chunk;
  const ssize_t size = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (size == 0) return false;
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  BIO_write(incoming_, chunk.data(), static_cast<int>(size));
  for (;;) {
    const int read = SSL_read(ssl_.get(), chunk.data(), static_cast<int>(chunk.size()));
    if (read > 0) {
      out.append(chunk.data(), static_cast<std::size_t>(read));
      continue;
    }
    return SSL_get_error(ssl_.get(), read) == SSL_ERROR_WANT_READ;
  }
}

bool TlsConnection::send(std::string_view data) {
  while (!data.empty()) {
    const int written = SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()));
    if (written <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return flush();
}

bool TlsConnection::flush() {
  char* data = nullptr;
  std::size_t size = static_cast<std::size_t>(BIO_get_mem_data(outgoing_, &data));
  while (size > 0) {
    const ssize_t sent = ::send(fd_, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      pollfd wait{fd_, POLLOUT, 0};
      if (::poll(&wait, 1, 10'000) != 1) return false;
      continue;
    }
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  (void)BIO_reset(outgoing_);
  return true;
}

}  // namespace kes::load
