#include "client/calls.h"

#include <fmt/format.h>

namespace kes::client {

std::string escaped(std::string_view segment) {
  std::string out;
  for (const char c : segment) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::unexpected<Error> malformed(std::string_view what) {
  return std::unexpected(
      Error{Failure::malformed, 0, fmt::format("the server's answer is not a valid {}", what)});
}

bool lacksRoute(const Error& error) {
  return error.status == 501 || (error.status == 404 && error.message == "404 page not found");
}

Result<void> withoutBody(Result<Response> response) {
  if (!response) return std::unexpected(std::move(response.error()));
  return {};
}

}  // namespace kes::client
