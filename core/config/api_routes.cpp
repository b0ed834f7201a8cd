#include "config/api_routes.h"

#include <algorithm>
#include <array>

namespace kes::config {
namespace {

// docs/protocol/http.md, "Routes".
constexpr auto kOpenRoutes = std::to_array<std::string_view>({
    "/version",
    "/v1/api",
    "/v1/metrics",
    "/v1/ready",
    "/v1/status",
});
constexpr auto kGuardedRoutes = std::to_array<std::string_view>({
    "/v1/identity/assign/",  "/v1/identity/delete/", "/v1/identity/describe/",
    "/v1/identity/forget/",  "/v1/identity/list/",   "/v1/identity/self/describe",
    "/v1/key/bulk/decrypt/", "/v1/key/create/",      "/v1/key/decrypt/",
    "/v1/key/delete/",       "/v1/key/describe/",    "/v1/key/encrypt/",
    "/v1/key/generate/",     "/v1/key/hmac/",        "/v1/key/import/",
    "/v1/key/list/",         "/v1/log/audit",        "/v1/log/error",
    "/v1/policy/assign/",    "/v1/policy/delete/",   "/v1/policy/describe/",
    "/v1/policy/list/",      "/v1/policy/read/",     "/v1/policy/write/",
});
constexpr auto kGuardedTrees =
    std::to_array<std::string_view>({"/v1/identity", "/v1/key", "/v1/log", "/v1/policy"});

[[nodiscard]] bool isBelow(std::string_view path, std::string_view tree) {
  return path.starts_with(tree) && (path.size() == tree.size() || path[tree.size()] == '/');
}

}  // namespace

RouteKind routeKind(std::string_view path) {
  if (std::ranges::find(kOpenRoutes, path) != kOpenRoutes.end()) return RouteKind::open;
  const bool guarded = std::ranges::any_of(kGuardedTrees, [path](auto tree) { return isBelow(path, tree); });
  return guarded ? RouteKind::guarded : RouteKind::unknown;
}

bool isRoute(std::string_view path) {
  return std::ranges::find(kOpenRoutes, path) != kOpenRoutes.end() ||
         std::ranges::find(kGuardedRoutes, path) != kGuardedRoutes.end();
}

}  // namespace kes::config
