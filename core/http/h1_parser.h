#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "http/request_head.h"

namespace kes::http {

// Parses HTTP/1.1 requests one after the other, as their bytes arrive. Boost.Beast's parser does the work and
// refuses what smuggles requests (Content-Length beside Transfer-Encoding, RFC 9112 §6.3); this adds the
// limits and rules that Beast leaves to its user.
class H1Parser {
 public:
  explicit H1Parser(std::size_t headLimit);
  ~H1Parser();

  // Starts a new request, whose head goes to `head`.
  void begin(RequestHead& head);

  struct Step {
    std::size_t used = 0;    // bytes of the input that are done with
    base::ByteView body;     // a piece of the body, inside the input
    bool needsMore = false;  // nothing happens without more input after the unused rest
    int refusal = 0;         // the status that says why the connection cannot go on, 0 = none
  };
  // Parses one element: the head, or a piece of the body.
  [[nodiscard]] Step parse(base::ByteView input);

  [[nodiscard]] bool headComplete() const;
  // The whole request has been seen.
  [[nodiscard]] bool complete() const;
  // Below: only once the head is complete.
  [[nodiscard]] std::optional<std::uint64_t> contentLength() const;
  [[nodiscard]] std::optional<std::uint64_t> remaining() const;
  // The client understands chunks (RFC 9112 §7.1).
  [[nodiscard]] bool isVersion11() const;
  // The client wants to use the connection again.
  [[nodiscard]] bool keepAlive() const;
  [[nodiscard]] bool expectsContinue() const;

  // What the last refusal was about.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  class Beast;
  struct Slot;

  [[nodiscard]] int refusalOf(int beastError) const;

  std::size_t headLimit_;
  std::size_t headSize_ = 0;
  std::unique_ptr<Slot> slot_;
  std::string failure_;
};

}  // namespace kes::http
