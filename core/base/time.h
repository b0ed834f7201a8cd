#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kes::base {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;

// A point in time as it is stored with a key: seconds and nanoseconds since 1970-01-01T00:00:00Z.
// The default value is Go's zero time, 0001-01-01T00:00:00Z, which stands for "unknown".
struct Timestamp {
  static constexpr std::int64_t kZeroSeconds = -62135596800;

  std::int64_t seconds = kZeroSeconds;
  std::int32_t nanos = 0;  // 0 … 999,999,999

  [[nodiscard]] bool isZero() const noexcept { return seconds == kZeroSeconds && nanos == 0; }
  [[nodiscard]] static Timestamp now() noexcept;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

// RFC 3339 with up to nine fractional digits, trailing zeros trimmed, in UTC: "2024-01-12T10:39:20.886816Z".
[[nodiscard]] std::string formatRfc3339(Timestamp time);
// The same in the local zone of this machine: "2024-01-12T11:39:20.886816+01:00".
[[nodiscard]] std::string formatRfc3339Local(Timestamp time);
// Any offset; up to nine fractional digits are kept, more are cut. Nothing for malformed text.
[[nodiscard]] std::optional<Timestamp> parseRfc3339(std::string_view text);

// Durations in Go's syntax: [+-] (decimal unit)+ with units ns us µs ms s m h; also a bare "0".
// Nothing for malformed or overflowing text.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parseDuration(std::string_view text);
// As Go prints them: "1.5s", "2m0s", "1h5m0s", "300ms", "0s".
[[nodiscard]] std::string formatDuration(std::chrono::nanoseconds duration);

}  // namespace kes::base
