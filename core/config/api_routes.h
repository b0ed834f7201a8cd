#pragma once

#include <string_view>

namespace kes::config {

// What the section `api:` may do with a path.
enum class RouteKind {
  unknown,  // no route of this server
  open,     // may be served without authentication
  guarded,  // never: it tells or changes keys, policies, identities or logs
};

// Paths of routes are compared whole; those that take a name end in '/'. A path below /v1/key and the like is
// guarded even when no such route exists, so that a slip of the pen cannot look as if it opened one.
[[nodiscard]] RouteKind routeKind(std::string_view path);

// Whether a route has exactly this path.
[[nodiscard]] bool isRoute(std::string_view path);

}  // namespace kes::config
