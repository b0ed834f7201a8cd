#pragma once

#include <Poco/Net/ServerSocket.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "http/event_loop.h"
#include "http/unique_fd.h"

namespace kes::http {

// The listening socket. Accepts on one event loop and hands each connection to the loop that has the fewest:
// clients hold few, long connections, so chance would not spread them.
class Listener final : public IoSource {
 public:
  // Binds. `host` is an IP literal, or empty for all interfaces; port 0 is any free one.
  [[nodiscard]] static base::Outcome<std::unique_ptr<Listener>> bind(const std::string& host,
                                                                     std::uint16_t port);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  // Starts to accept on loops[0], at most `limit` connections at once over all loops. On that loop's thread.
  void start(std::vector<EventLoop*> loops, std::size_t limit);
  // Stops for good. On the same thread.
  void close();

  void onEvents(std::uint32_t events) override;

 private:
  explicit Listener(const Poco::Net::ServerSocket& socket);

  [[nodiscard]] bool acceptOne();
  void refuseForLackOfDescriptors();
  [[nodiscard]] EventLoop& leastLoaded() const;
  [[nodiscard]] std::size_t connections() const;

  Poco::Net::ServerSocket socket_;
  std::uint16_t port_ = 0;
  std::vector<EventLoop*> loops_;
  std::size_t limit_ = 0;
  bool closed_ = false;
  // Kept to be able to take and close a connection when there is no other descriptor left; the connection
  // would stay at the head of the queue and wake the loop for ever.
  UniqueFd spare_;
};

// How many connections the limit on open files allows, with room left for everything else.
[[nodiscard]] std::size_t connectionsAllowedByFiles() noexcept;

}  // namespace kes::http
