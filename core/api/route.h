#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kes::api {

// What a route does; also its place in routes().
enum class Operation : std::uint8_t {
  generate,
  decrypt,
  encrypt,
  hmac,
  describe,
  create,
  import,
  remove,
  list,
  bulkDecrypt,
  version,
  ready,
  status,
  metrics,
  apis,
  policyDescribe,
  policyRead,
  policyList,
  policyWrite,
  policyAssign,
  policyDelete,
  identityDescribe,
  identityList,
  identitySelf,
  identityAssign,
  identityForget,
  identityDelete,
  auditLog,
  errorLog,
};
inline constexpr std::size_t kOperations = 29;

enum class Access : std::uint8_t {
  open,      // anybody
  verified,  // an identity whose policy allows the path
  ruled,     // the same, by the rules of single routes as well (policy/route_rules.h)
};

struct Route {
  Operation operation;
  std::string_view method;  // as registered; POST is taken where it says PUT
  std::string_view path;    // ends in '/' where the rest of the path is the resource
  std::size_t maxBody;      // bytes kept of the body; 0 = the body is ignored
  std::chrono::seconds timeout;
  Access access;
  bool openable;  // `api.<path>.skip_auth` may open it

  [[nodiscard]] constexpr bool hasResource() const noexcept { return path.back() == '/'; }
  // The request counters that KES has leave out what is about the server itself.
  [[nodiscard]] constexpr bool countsForKes() const noexcept {
    return path.starts_with("/v1/key/") || path.starts_with("/v1/policy/") ||
           path.starts_with("/v1/identity/");
  }
  [[nodiscard]] constexpr bool accepts(std::string_view given) const noexcept {
    return given == method || (method == "PUT" && given == "POST");
  }
};

// Every route, indexed by Operation (docs/protocol/http.md, "Routes").
[[nodiscard]] std::span<const Route, kOperations> routes() noexcept;
[[nodiscard]] const Route& routeOf(Operation operation) noexcept;

// Where a request's target leads.
struct Match {
  enum class Kind { route, redirect, notFound, malformed };

  Kind kind = Kind::notFound;
  const Route* route = nullptr;
  // Without the query; decoded where it leads to a route, else as sent. Views point into the target or the
  // scratch text.
  std::string_view path;
  std::string_view resource;  // decoded rest of a sub-tree route
  bool slashEscaped = false;  // in the resource
  std::string location;       // of a redirect
};

// Finds the route of a request target ("/path?query"). `scratch` is used only where the path has percent
// escapes. A percent-encoded slash never separates: in the route part it leads nowhere, in the resource it
// fails as a name later.
[[nodiscard]] Match findRoute(std::string_view target, std::string& scratch);

}  // namespace kes::api
