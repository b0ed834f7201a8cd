#include "cli/dates.h"

#include <fmt/format.h>

#include "base/time.h"
#include "cli/console.h"

namespace kes::cli {

std::string serverDate(std::string_view rfc3339) {
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kTime = 8;
  if (rfc3339.size() < kDay + 1 + kTime) return printable(rfc3339);
  return fmt::format("{} {}", rfc3339.substr(0, kDay), rfc3339.substr(kDay + 1, kTime));
}

std::string localDate(std::string_view rfc3339) {
  const auto time = base::parseRfc3339(rfc3339);
  return serverDate(time ? base::formatRfc3339Local(*time) : std::string(rfc3339));
}

bool isKnownDate(std::string_view rfc3339) {
  const auto time = base::parseRfc3339(rfc3339);
  return time && !time->isZero();
}

}  // namespace kes::cli
