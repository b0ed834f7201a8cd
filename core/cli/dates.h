#pragma once

#include <string>
#include <string_view>

namespace kes::cli {

// "2024-01-12T10:39:20.886816Z" as "2024-01-12 10:39:20": on the server's own clock, whatever its zone.
[[nodiscard]] std::string serverDate(std::string_view rfc3339);
// The same on the clock of this machine.
[[nodiscard]] std::string localDate(std::string_view rfc3339);
// False for the zero time, by which servers say that they do not know.
[[nodiscard]] bool isKnownDate(std::string_view rfc3339);

}  // namespace kes::cli
