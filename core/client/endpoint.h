#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kes::client {

// Where a server listens.
struct Endpoint {
  std::string host;          // name or IP literal, without brackets
  std::uint16_t port = 443;  // as in any https URL
  std::string path;          // of a server behind a prefix: empty, or "/prefix"

  // "host:port", IPv6 literals in brackets.
  [[nodiscard]] std::string authority() const;
  // "https://host:port/prefix".
  [[nodiscard]] std::string url() const;
};

// One endpoint: "[https://]host[:port][/prefix]"; "http://" is taken for "https://", and blanks around it and
// a trailing slash do not matter.
[[nodiscard]] base::Outcome<Endpoint> parseEndpoint(std::string_view text);

// A comma-separated list of them; at least one.
[[nodiscard]] base::Outcome<std::vector<Endpoint>> parseEndpoints(std::string_view text);

}  // namespace kes::client
