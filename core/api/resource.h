#pragma once

#include <optional>
#include <string_view>

#include "api/route.h"
#include "base/error.h"

namespace kes::api {

// What is wrong with the resource of a request: a name or a pattern that cannot be one. Nothing if it is
// well, or if the route takes none.
[[nodiscard]] std::optional<base::Error> checkResource(const Match& match);

// What the names that a listing pattern stands for begin with.
[[nodiscard]] std::string_view prefixOf(std::string_view pattern) noexcept;

// The two parts of the resource `<policy>/<identity>`. The identity is empty where there is no slash.
struct Placement {
  std::string_view policy;
  std::string_view identity;
};
[[nodiscard]] Placement placementOf(std::string_view resource);

// Refuses an identity that came in a body rather than in the path.
[[nodiscard]] base::Error invalidIdentity(std::string_view identity);

}  // namespace kes::api
