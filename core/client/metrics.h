#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kes::client {

// What a server counts (docs/protocol/http.md, "Metrics"). A family the server does not have is zero.
struct Metrics {
  // How many requests took at most so long.
  struct Bucket {
    std::chrono::nanoseconds atMost;
    std::int64_t requests = 0;
  };

  std::int64_t succeeded = 0;  // requests answered with 2xx, and so on
  std::int64_t refused = 0;    // 4xx
  std::int64_t failed = 0;     // 5xx
  std::int64_t active = 0;
  std::int64_t auditEvents = 0;
  std::int64_t errorEvents = 0;
  std::vector<Bucket> latency;  // cumulative, in the server's order; without the one that has no bound
  std::chrono::seconds upTime{0};
  std::int64_t cpus = 0;
  std::int64_t usableCpus = 0;
  std::int64_t threads = 0;
  std::int64_t heapUsed = 0;  // bytes
  std::int64_t heapObjects = 0;
  std::int64_t stackUsed = 0;  // bytes

  [[nodiscard]] std::int64_t requests() const noexcept { return succeeded + refused + failed; }
};

// Reads Prometheus' text format 0.0.4. Families that are not asked for are passed over; samples of one family
// that differ by their labels are added up. The failure names the line.
[[nodiscard]] base::Outcome<Metrics> parseMetrics(std::string_view text);

}  // namespace kes::client
