#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "http/server.h"
#include "http/wiped_bytes.h"

namespace kes::http {

// The reason phrase of RFC 9110 §15 for a status, "Unknown" for others.
[[nodiscard]] std::string_view reasonPhrase(int status) noexcept;

// True where a value, or a field, may be sent: no control characters in the value, a token for a name. Guards
// against response splitting (RFC 9110 §5.5).
[[nodiscard]] bool isSendableValue(std::string_view value) noexcept;
[[nodiscard]] bool isSendable(const Exchange::Header& header) noexcept;

// True where RFC 9110 §6.4.1 allows the response a body and a Content-Length.
[[nodiscard]] constexpr bool mayHaveBody(int status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

// The text of a Date field (RFC 9110 §5.6.7), formatted once a second.
class DateText {
 public:
  [[nodiscard]] std::string_view at(base::SteadyTime now) noexcept {
    if (now >= validUntil_) refresh(now);
    return {text_, sizeof text_};
  }

 private:
  void refresh(base::SteadyTime now) noexcept;

  char text_[29] = {};  // "Sun, 06 Nov 1994 08:49:37 GMT"
  base::SteadyTime validUntil_ = base::SteadyTime::min();
};

// Appends an HTTP/1.1 response head, blank line included.
struct ResponseHead {
  int status;
  std::string_view date;
  std::string_view contentType;
  std::optional<std::size_t> contentLength;  // none: the body ends by its last chunk, or the connection
  bool chunked = false;
  std::span<const Exchange::Header> extra;
  bool close = false;
};
void appendResponseHead(WipedBytes& out, const ResponseHead& head);

}  // namespace kes::http
