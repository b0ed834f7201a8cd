// kes_floor: the least that an answer over mutual TLS can cost. One thread, epoll, OpenSSL; whatever arrives
// is taken for a request and answered with the same bytes. What a server needs above this is HTTP and its own
// work.

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

namespace kes::floor {
namespace {

constexpr std::size_t kRecord = 16 * 1024;

struct SslFree {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslFree>;

struct Connection {
  int fd;
  std::unique_ptr<SSL, SslFree> ssl;
};

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

// As the server sets it up: a client certificate is required and not looked at, TLS 1.3, X25519 first.
SslContext makeContext(const std::string& certificate, const std::string& key) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  std::array groups = {NID_X25519, NID_X9_62_prime256v1};
  const auto must = [](int result, const std::string& what) {
    if (result != 1) throw std::runtime_error("cannot use " + what);
  };
  must(SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()), certificate);
  must(SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM), key);
  must(SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION), "TLS 1.3");
  must(SSL_CTX_set1_groups(context.get(), groups.data(), groups.size()), "the groups");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("floor"), 5);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_mode(context.get(), SSL_MODE_AUTO_RETRY);
  // A record's head and body in one system call.
  SSL_CTX_set_read_ahead(context.get(), 1);
  return context;
}

int listenOn(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  require(::listen(fd, 4096) == 0, "listen");
  return fd;
}

// Answers what has arrived. False when the connection is over.
bool serve(SSL* ssl, const std::string& answer) {
  static std::array<char, kRecord> record;
  ERR_clear_error();
  do {
    const int size = SSL_read(ssl, record.data(), static_cast<int>(record.size()));
    if (size <= 0) return SSL_get_error(ssl, size) == SSL_ERROR_WANT_READ;
    // An answer is far smaller than the socket's buffer, which the client empties before it asks again.
    if (SSL_write(ssl, answer.data(), static_cast<int>(answer.size())) <= 0) return false;
  } while (SSL_has_pending(ssl) == 1);
  return true;
}

[[noreturn]] void run(int listener, const SslContext& context, const std::string& answer) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto watch = [epoll](int fd, void* owner) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = owner}};
    require(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  };
  watch(listener, nullptr);
  std::array<epoll_event, 256> events;
  for (;;) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      auto* const connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection != nullptr) {
        if (serve(connection->ssl.get(), answer)) continue;
        ::close(connection->fd);
        delete connection;
        continue;
      }
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) continue;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* const fresh = new Connection{fd, std::unique_ptr<SSL, SslFree>(SSL_new(context.get()))};
      SSL_set_fd(fresh->ssl.get(), fd);
      SSL_set_accept_state(fresh->ssl.get());
      watch(fd, fresh);
    }
  }
}

}  // namespace
}  // namespace kes::floor

int main(int argc, char** argv) {
  std::string certificate;
  std::string key;
  std::string answerFile;
  std::uint16_t port = 0;
  CLI::App app("Answers whatever arrives over mutual TLS with the bytes of a file, at the least cost.");
  app.add_option("--port", port, "Port on 127.0.0.1")->required();
  app.add_option("--cert", certificate, "Server certificate (PEM)")->required();
  app.add_option("--key", key, "Server private key (PEM)")->required();
  app.add_option("--answer", answerFile, "File with the answer, head and body")->required();
  CLI11_PARSE(app, argc, argv);
  ::signal(SIGPIPE, SIG_IGN);  // a client that has gone is the business of SSL_write's result
  try {
    std::ifstream file(answerFile, std::ios::binary);
    const std::string answer((std::istreambuf_iterator<char>(file)), {});
    if (answer.empty()) throw std::runtime_error("nothing in " + answerFile);
    const auto context = kes::floor::makeContext(certificate, key);
    kes::floor::run(kes::floor::listenOn(port), context, answer);
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}\n", error.what());
    return 1;
  }
}
