#include "api/route.h"

#include <optional>
#include <vector>

namespace kes::api {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMaxBody = 1'000'000;
constexpr std::size_t kMaxBulkBody = 1'048'576;
constexpr std::size_t kMaxPolicyBody = 1'048'576;
constexpr std::size_t kMaxAssignBody = 1024;

constexpr std::array<Route, kOperations> kRoutes = {{
    {Operation::generate, "PUT", "/v1/key/generate/", kMaxBody, seconds(15), Access::verified, false},
    {Operation::decrypt, "PUT", "/v1/key/decrypt/", kMaxBody, seconds(15), Access::verified, false},
    {Operation::encrypt, "PUT", "/v1/key/encrypt/", kMaxBody, seconds(15), Access::verified, false},
    {Operation::hmac, "PUT", "/v1/key/hmac/", kMaxBody, seconds(15), Access::verified, false},
    {Operation::describe, "GET", "/v1/key/describe/", 0, seconds(15), Access::verified, false},
    {Operation::create, "PUT", "/v1/key/create/", 0, seconds(15), Access::verified, false},
    {Operation::import, "PUT", "/v1/key/import/", kMaxBody, seconds(15), Access::verified, false},
    {Operation::remove, "DELETE", "/v1/key/delete/", 0, seconds(15), Access::verified, false},
    {Operation::list, "GET", "/v1/key/list/", 0, seconds(15), Access::verified, false},
    {Operation::bulkDecrypt, "PUT", "/v1/key/bulk/decrypt/", kMaxBulkBody, seconds(15), Access::ruled, false},
    {Operation::version, "GET", "/version", 0, seconds(10), Access::open, false},
    {Operation::ready, "GET", "/v1/ready", 0, seconds(15), Access::verified, true},
    {Operation::status, "GET", "/v1/status", 0, seconds(15), Access::verified, true},
    {Operation::metrics, "GET", "/v1/metrics", 0, seconds(15), Access::verified, true},
    {Operation::apis, "GET", "/v1/api", 0, seconds(10), Access::verified, true},
    {Operation::policyDescribe, "GET", "/v1/policy/describe/", 0, seconds(15), Access::verified, false},
    {Operation::policyRead, "GET", "/v1/policy/read/", 0, seconds(15), Access::verified, false},
    {Operation::policyList, "GET", "/v1/policy/list/", 0, seconds(15), Access::verified, false},
    {Operation::policyWrite, "POST", "/v1/policy/write/", kMaxPolicyBody, seconds(15), Access::ruled, false},
    {Operation::policyAssign, "POST", "/v1/policy/assign/", kMaxAssignBody, seconds(15), Access::ruled,
     false},
    {Operation::policyDelete, "DELETE", "/v1/policy/delete/", 0, seconds(15), Access::ruled, false},
    {Operation::identityDescribe, "GET", "/v1/identity/describe/", 0, seconds(15), Access::verified, false},
    {Operation::identityList, "GET", "/v1/identity/list/", 0, seconds(15), Access::verified, false},
    {Operation::identitySelf, "GET", "/v1/identity/self/describe", 0, seconds(15), Access::open, false},
    {Operation::identityAssign, "POST", "/v1/identity/assign/", 0, seconds(15), Access::ruled, false},
    {Operation::identityForget, "DELETE", "/v1/identity/forget/", 0, seconds(15), Access::ruled, false},
    {Operation::identityDelete, "DELETE", "/v1/identity/delete/", 0, seconds(15), Access::ruled, false},
    {Operation::auditLog, "GET", "/v1/log/audit", 0, seconds(0), Access::verified, false},
    {Operation::errorLog, "GET", "/v1/log/error", 0, seconds(0), Access::verified, false},
}};

constexpr bool indexedByOperation() {
  for (std::size_t i = 0; i < kRoutes.size(); ++i) {
    if (static_cast<std::size_t>(kRoutes[i].operation) != i) return false;
  }
  return true;
}
static_assert(indexedByOperation());

// Stands for a percent-encoded slash while the route is looked up. No decoded path holds a NUL: it is
// malformed.
constexpr char kEncodedSlash = '\0';

std::optional<unsigned> hexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Decodes %XX once, an encoded slash as kEncodedSlash. False for a bad escape or NUL.
bool decodePath(std::string_view path, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out += path[i];
      continue;
    }
    if (i + 2 >= path.size()) return false;
    const auto high = hexDigit(path[i + 1]);
    const auto low = hexDigit(path[i + 2]);
    if (!high || !low || (*high == 0 && *low == 0)) return false;
    const char c = static_cast<char>(*high << 4 | *low);
    out += c == '/' ? kEncodedSlash : c;
    i += 2;
  }
  return true;
}

bool needsCleaning(std::string_view path) {
  return path.find("//") != path.npos || path.find("/./") != path.npos || path.find("/../") != path.npos ||
         path.ends_with("/.") || path.ends_with("/..");
}

// The path of a target, with what has to be known about it, found in one pass: nearly all are plain.
struct Path {
  std::string_view text;  // up to the query
  bool escaped = false;
  bool hasNul = false;
  bool needsCleaning = false;
};

Path pathOf(std::string_view target) {
  Path path{target};
  for (std::size_t i = 0; i < target.size(); ++i) {
    switch (target[i]) {
      case '?':
        path.text = target.substr(0, i);
        i = target.size();
        break;
      case '%':
        path.escaped = true;
        break;
      case '\0':
        path.hasNul = true;
        break;
      case '/':
        if (i + 1 < target.size() && (target[i + 1] == '/' || target[i + 1] == '.'))
          path.needsCleaning = true;
        break;
      default:
        break;
    }
  }
  path.needsCleaning = path.needsCleaning && needsCleaning(path.text);
  return path;
}

// RFC 3986 §5.2.4 with empty segments removed; a trailing slash is kept.
std::string cleaned(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    at = slash + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  std::string clean;
  for (const std::string_view segment : segments) (clean += '/') += segment;
  if (path.ends_with('/') || clean.empty()) clean += '/';
  return clean;
}

const Route* lookUp(std::string_view path) {
  for (const Route& route : kRoutes) {
    if (route.hasResource() ? path.starts_with(route.path) : path == route.path) return &route;
  }
  return nullptr;
}

bool isRouteWithoutSlash(std::string_view path) {
  for (const Route& route : kRoutes) {
    if (route.hasResource() && path == route.path.substr(0, route.path.size() - 1)) return true;
  }
  return false;
}

}  // namespace

std::span<const Route, kOperations> routes() noexcept {
  return kRoutes;
}

const Route& routeOf(Operation operation) noexcept {
  return kRoutes[static_cast<std::size_t>(operation)];
}

Match findRoute(std::string_view target, std::string& scratch) {
  const auto [text, escaped, hasNul, isUnclean] = pathOf(target);
  std::string_view path = text;
  const std::string_view query = target.substr(text.size());

  Match match;
  match.path = path;
  if (!path.starts_with('/') || hasNul) {
    match.kind = path.starts_with('/') ? Match::Kind::malformed : Match::Kind::notFound;
    return match;
  }
  if (isUnclean) {
    match.kind = Match::Kind::redirect;
    match.location = cleaned(path).append(query);
    return match;
  }
  if (escaped) {
    if (!decodePath(path, scratch)) {
      match.kind = Match::Kind::malformed;
      return match;
    }
    path = scratch;
  }
  match.route = lookUp(path);
  if (match.route == nullptr) {
    if (!isRouteWithoutSlash(path)) return match;
    match.kind = Match::Kind::redirect;
    match.location = std::string(path).append("/").append(query);
    return match;
  }
  match.kind = Match::Kind::route;
  if (escaped) {
    for (char& c : scratch) {
      if (c != kEncodedSlash) continue;
      c = '/';
      match.slashEscaped = true;
    }
  }
  match.path = path;
  match.resource = match.route->hasResource() ? path.substr(match.route->path.size()) : std::string_view();
  return match;
}

}  // namespace kes::api
