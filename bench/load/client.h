#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "report.h"
#include "tls_connection.h"

namespace kes::load {

struct Request {
  std::string method;
  std::string authority;
  std::string path;
  std::string body;
};

// One connection that keeps `streams` requests in flight, each followed by the next as soon as it is
// answered.
class Client {
 public:
  virtual ~Client() = default;

  // Takes what the socket has, answers, sends. False when the connection is over.
  [[nodiscard]] virtual bool onReadable() = 0;
  // Starts the first requests.
  virtual void start() = 0;
  [[nodiscard]] virtual TlsConnection& connection() = 0;
};

[[nodiscard]] std::unique_ptr<Client> makeH1Client(TlsConnection connection, const Request& request,
                                                   Report& report);
[[nodiscard]] std::unique_ptr<Client> makeH2Client(TlsConnection connection, const Request& request,
                                                   Report& report, std::uint32_t streams);

}  // namespace kes::load
