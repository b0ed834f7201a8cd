#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "request.h"
#include "tls_connection.h"

namespace kes::load {

using Clock = std::chrono::steady_clock;

class Client;

// Told of every answer, and decides what the client does next.
class Driver {
 public:
  virtual ~Driver() = default;
  // `since` is what `submit` was given. `client` may be given the next request at once, but must not be
  // destroyed.
  virtual void answered(Client& client, int status, std::string_view body, Clock::time_point since) = 0;
  virtual void failed(std::string what) = 0;
};

// One connection that speaks HTTP.
class Client {
 public:
  virtual ~Client() = default;

  // Takes what the socket has and sends what that led to. False when the connection is over.
  [[nodiscard]] virtual bool onReadable() = 0;
  // Starts a request, whose latency counts from `since`; it is sent by the next `flush`, or when onReadable
  // returns.
  virtual void submit(RequestPtr request, Clock::time_point since) = 0;
  [[nodiscard]] virtual bool flush() = 0;
  // How many requests wait for their answers, and how many may.
  [[nodiscard]] virtual unsigned inFlight() const noexcept = 0;
  [[nodiscard]] virtual unsigned capacity() const noexcept = 0;
  [[nodiscard]] virtual TlsConnection& connection() noexcept = 0;
};

// Both take a connection whose handshake is done.
[[nodiscard]] std::unique_ptr<Client> makeH1Client(TlsConnection connection, Driver& driver);
[[nodiscard]] std::unique_ptr<Client> makeH2Client(TlsConnection connection, Driver& driver,
                                                   unsigned streams);

}  // namespace kes::load
