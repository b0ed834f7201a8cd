#include "client/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace kes::client {
namespace {

std::string_view withoutScheme(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  }
  return text;
}

std::optional<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// RFC 3986 host characters that make sense here; no user information, no percent-encoding, nothing that
// could end a header line.
bool isHostCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_' || c == ':';
}

bool isPathCharacter(char c) {
  return c > ' ' && c < 0x7F && c != '?' && c != '#' && c != '\\';
}

}  // namespace

std::string Endpoint::authority() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Endpoint::url() const {
  return "https://" + authority() + path;
}

base::Outcome<Endpoint> parseEndpoint(std::string_view text) {
  const std::string_view address = withoutScheme(base::trimmed(text));
  const auto slash = address.find('/');
  std::string_view authority = address.substr(0, slash);
  std::string_view path = slash == std::string_view::npos ? std::string_view() : address.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);

  const auto invalid = [&](std::string_view why) {
    return base::fail(fmt::format("invalid server endpoint '{}': {}", text, why));
  };
  Endpoint endpoint;
  endpoint.path = path;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return invalid("missing ']'");
    endpoint.host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && port.front() != ':') return invalid("unexpected text after ']'");
  } else {
    const auto colon = authority.find(':');
    if (colon != authority.rfind(':')) return invalid("put an IPv6 address in brackets");
    endpoint.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (endpoint.host.empty()) return invalid("no host");
  if (!std::ranges::all_of(endpoint.host, isHostCharacter)) return invalid("the host has invalid characters");
  if (!std::ranges::all_of(endpoint.path, isPathCharacter)) return invalid("the path has invalid characters");
  if (!port.empty()) {
    const auto number = parsePort(port.substr(1));
    if (!number) return invalid("the port is not a number from 1 to 65535");
    endpoint.port = *number;
  }
  return endpoint;
}

base::Outcome<std::vector<Endpoint>> parseEndpoints(std::string_view text) {
  std::vector<Endpoint> endpoints;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    auto endpoint = parseEndpoint(text.substr(begin, end - begin));
    if (!endpoint) return std::unexpected(endpoint.error());
    endpoints.push_back(std::move(*endpoint));
    begin = end + 1;
  }
  return endpoints;
}

}  // namespace kes::client
