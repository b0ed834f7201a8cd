#include "http/listener.h"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace kes::http {
namespace {

constexpr int kBacklog = 1024;
// Seconds of silence before TCP asks whether the client is there, between questions, and how many of those.
constexpr int kKeepAliveIdle = 60;
constexpr int kKeepAliveInterval = 15;
constexpr int kKeepAliveProbes = 4;

Poco::Net::ServerSocket bindTo(const std::string& host, std::uint16_t port) {
  Poco::Net::ServerSocket socket;
  if (!host.empty()) {
    const Poco::Net::SocketAddress address(Poco::Net::IPAddress(host), port);
    if (address.family() == Poco::Net::SocketAddress::IPv6) {
      socket.bind6(address, true, false, true);
    } else {
      socket.bind(address, true, false);
    }
    return socket;
  }
  try {
    socket.bind6(port, true, false, false);  // both families
    return socket;
  } catch (const Poco::Exception&) {  // no IPv6 here, or the port is taken: IPv4 tells
    Poco::Net::ServerSocket ipv4;
    ipv4.bind(Poco::Net::SocketAddress(Poco::Net::IPAddress(), port), true, false);
    return ipv4;
  }
}

// What is accepted inherits them.
void setOptions(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A client that vanishes while an answer is streamed to it is noticed even though there is nothing to send.
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdle, sizeof kKeepAliveIdle);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveInterval, sizeof kKeepAliveInterval);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof kKeepAliveProbes);
}

// "127.0.0.1", "2001:db8::1"; IPv4 that came through an IPv6 socket is IPv4.
std::string addressText(const sockaddr_storage& from) {
  char text[INET6_ADDRSTRLEN] = {};
  if (from.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(from).sin_addr, text, sizeof text);
    return text;
  }
  const auto& address = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &address, text, sizeof text);
  }
  return text;
}

int openSpare() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

base::Outcome<std::unique_ptr<Listener>> Listener::bind(const std::string& host, std::uint16_t port) {
  const auto name =
      (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + std::to_string(port);
  try {
    auto socket = bindTo(host, port);
    socket.listen(kBacklog);
    socket.setBlocking(false);
    const int fd = socket.impl()->sockfd();
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    setOptions(fd);
    return std::unique_ptr<Listener>(new Listener(socket));
  } catch (const Poco::Exception& error) {
    return base::fail("cannot listen on '" + name + "': " + error.displayText());
  }
}

Listener::Listener(const Poco::Net::ServerSocket& socket)
    : socket_(socket), port_(socket_.address().port()), spare_(openSpare()) {}

std::expected<Listener::Accepted, Listener::Nothing> Listener::accept() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const std::lock_guard lock(mutex_);  // nobody else takes the descriptor that refuseOne() frees
  base::UniqueFd socket(
      ::accept4(descriptor(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.valid()) {
    const bool exhausted = errno == EMFILE || errno == ENFILE;
    return std::unexpected(exhausted && refuseOne() ? Nothing::refused : Nothing::waiting);
  }
  return Accepted{std::move(socket), addressText(from)};
}

bool Listener::refuseOne() {
  spare_.reset();
  const bool refused = base::UniqueFd(::accept4(descriptor(), nullptr, nullptr, SOCK_CLOEXEC)).valid();
  spare_.reset(openSpare());
  return refused;
}

std::string networkOf(const std::string& address) {
  in6_addr bytes{};
  if (inet_pton(AF_INET6, address.c_str(), &bytes) != 1) return address;
  std::fill(std::begin(bytes.s6_addr) + 8, std::end(bytes.s6_addr), std::uint8_t(0));
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, &bytes, text, sizeof text);
  return text;
}

std::size_t connectionsAllowedByFiles() noexcept {
  constexpr std::size_t kLeastHeadroom = 64;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return kLeastHeadroom;
  const auto allowed = static_cast<std::size_t>(std::min<rlim_t>(files.rlim_cur, 1'000'000));
  const auto headroom = std::max(kLeastHeadroom, allowed / 8);
  return allowed > 2 * headroom ? allowed - headroom : std::max<std::size_t>(allowed / 2, 1);
}

}  // namespace kes::http
