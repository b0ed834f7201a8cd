#pragma once

#include <Poco/Net/ServerSocket.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kes::http {

// The listening socket. Thread-safe: every handshaker watches it and accepts for itself.
class Listener {
 public:
  // Binds and listens. `host` is an IP literal, or empty for all interfaces; port 0 is any free one.
  [[nodiscard]] static base::Outcome<std::unique_ptr<Listener>> bind(const std::string& host,
                                                                     std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] int descriptor() const noexcept { return socket_.impl()->sockfd(); }

  struct Accepted {
    base::UniqueFd socket;
    std::string address;  // IP literal
  };
  enum class Nothing {
    waiting,  // nobody waits, or somebody who waited has gone
    refused,  // there is no file descriptor left: the client was turned away
  };
  [[nodiscard]] std::expected<Accepted, Nothing> accept();
  // Stops listening. Nobody may watch or accept any more.
  void close() { socket_.close(); }

 private:
  explicit Listener(const Poco::Net::ServerSocket& socket);

  [[nodiscard]] bool refuseOne();

  Poco::Net::ServerSocket socket_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  // Kept to be able to take and close a connection when there is no other descriptor left; the connection
  // would stay at the head of the queue and wake the handshakers for ever.
  base::UniqueFd spare_;
};

// What counts as one client by its address: an IPv4 address, or the /64 of an IPv6 one, which is the least
// that its owner has.
[[nodiscard]] std::string networkOf(const std::string& address);

// How many connections the limit on open files allows, with room left for everything else.
[[nodiscard]] std::size_t connectionsAllowedByFiles() noexcept;

}  // namespace kes::http
