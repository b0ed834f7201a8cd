#include "http/listener.h"

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>

namespace kes::http {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurn = 32;

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
    return std::unique_ptr<Listener>(new Listener(socket));
  } catch (const Poco::Exception& error) {
    return base::fail("cannot listen on '" + name + "': " + error.displayText());
  }
}

Listener::Listener(const Poco::Net::ServerSocket& socket)
    : socket_(socket), port_(socket_.address().port()), spare_(openSpare()) {}

void Listener::start(std::vector<EventLoop*> loops, std::size_t limit) {
  loops_ = std::move(loops);
  limit_ = limit;
  loops_.front()->watch(socket_.impl()->sockfd(), EPOLLIN, *this);
}

void Listener::close() {
  if (closed_) return;
  closed_ = true;
  socket_.close();
}

void Listener::onEvents(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn && !closed_; ++i) {
    if (!acceptOne()) return;
  }
}

bool Listener::acceptOne() {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  UniqueFd socket(::accept4(socket_.impl()->sockfd(), reinterpret_cast<sockaddr*>(&from), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.valid()) {
    if (errno == EMFILE || errno == ENFILE) refuseForLackOfDescriptors();
    return errno == ECONNABORTED || errno == EINTR;
  }
  auto& counters = loops_.front()->counters();
  counters.accepted.add();
  auto address = addressText(from);
  if (connections() >= limit_) {
    counters.refused.add();
    loops_.front()->report(address, "too many connections");
    return true;
  }
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

  auto& loop = leastLoaded();
  loop.addLoad();
  if (&loop == loops_.front()) {
    loop.adopt(std::move(socket), address);
  } else {
    loop.post([&loop, socket = std::move(socket), address = std::move(address)]() mutable {
      loop.adopt(std::move(socket), address);
    });
  }
  return true;
}

void Listener::refuseForLackOfDescriptors() {
  spare_.reset();
  const UniqueFd refused(::accept4(socket_.impl()->sockfd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (refused.valid()) {
    loops_.front()->counters().refused.add();
    loops_.front()->report({}, "too many open files: a connection was refused");
  }
  spare_.reset(openSpare());
}

EventLoop& Listener::leastLoaded() const {
  return **std::ranges::min_element(loops_, {}, [](const EventLoop* loop) { return loop->load(); });
}

std::size_t Listener::connections() const {
  return std::accumulate(loops_.begin(), loops_.end(), std::size_t(0),
                         [](std::size_t sum, const EventLoop* loop) { return sum + loop->load(); });
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
