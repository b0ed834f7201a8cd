#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "http/server.h"

namespace kes::http {

class EventLoop;

// What a session asks of the connection it is spoken over. Free of TLS and sockets, so that a session can be
// fed by hand (tests/fuzz, bench/micro).
class Transport {
 public:
  [[nodiscard]] virtual EventLoop& loop() noexcept = 0;
  [[nodiscard]] virtual const Peer& peer() const noexcept = 0;
  // Takes all of it, for sending.
  virtual void write(base::ByteView plaintext) = 0;
  // True while the client does not take what was written.
  [[nodiscard]] virtual bool congested() const noexcept = 0;
  // When `Session::onTimeout` is to be called.
  virtual void setDeadline(base::SteadyTime deadline) = 0;
  // Has the session resume and produce at the end of this turn of the loop.
  virtual void touch() = 0;
  // One line for the error log.
  virtual void report(std::string_view what) = 0;

 protected:
  ~Transport() = default;
};

}  // namespace kes::http
