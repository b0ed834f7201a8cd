#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/pattern.h"

namespace kes::policy {

// Who did something at run time, and when.
struct Creation {
  std::string by;
  base::Timestamp at;
};

struct Policy {
  std::string name;
  std::vector<Pattern> allow;
  std::vector<Pattern> deny;
  std::optional<Creation> written;  // at run time; a policy of the configuration file has none

  // The first pattern that decides for a path, or null. Neither blocks nor allocates.
  [[nodiscard]] const Pattern* firstAllowing(std::string_view path) const noexcept;
  [[nodiscard]] const Pattern* firstDenying(std::string_view path) const noexcept;
};

}  // namespace kes::policy
