#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "http/event_loop.h"
#include "http/handshaker.h"
#include "http/listener.h"
#include "http/tls_context.h"

namespace kes::instructions {

// The server's front: a listener on the loopback, and a handshaker that gives what it accepts to one loop.
class Handshakes {
 public:
  Handshakes(http::EventLoop& loop, std::shared_ptr<http::TlsSource> tls);
  ~Handshakes();
  Handshakes(const Handshakes&) = delete;
  Handshakes& operator=(const Handshakes&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_->port(); }

 private:
  std::unique_ptr<http::Listener> listener_;
  std::unique_ptr<http::Handshaker> handshaker_;
  std::thread thread_;
};

}  // namespace kes::instructions
