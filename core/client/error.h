#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace kes::client {

// What kept a call from succeeding.
enum class Failure : std::uint8_t {
  answered,     // the server said no: `status` and `message` are its words
  unreachable,  // no endpoint could be reached, or the connection broke
  certificate,  // the server's certificate could not be verified
  tls,          // the handshake failed for another reason, e.g. the server refused our certificate
  malformed,    // the server's answer is not what the API promises
};

struct Error {
  Failure failure = Failure::answered;
  int status = 0;       // HTTP status; 0 when no server answered
  std::string message;  // one line for a person, never a secret
};

template <typename T>
using Result = std::expected<T, Error>;

}  // namespace kes::client
