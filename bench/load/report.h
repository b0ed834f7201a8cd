#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kes::load {

using Clock = std::chrono::steady_clock;

// What a run saw. Latencies are counted in buckets of at most 1/64 of their value, so that a run of any
// length takes the same memory.
class Report {
 public:
  Report() : buckets_(kBuckets) {}

  void answered(int status, std::string_view body, Clock::time_point sentAt);
  void failed(std::string what);
  // Forgets everything: the warm-up is over.
  void reset();

  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::uint64_t errors() const noexcept { return errors_; }
  [[nodiscard]] const std::string& firstError() const noexcept { return firstError_; }
  // Microseconds below which `share` (0 … 1) of the answers came.
  [[nodiscard]] double percentile(double share) const;

 private:
  static constexpr std::size_t kSteps = 64;
  static constexpr std::size_t kBuckets = kSteps * 40;

  std::uint64_t requests_ = 0;
  std::uint64_t errors_ = 0;
  std::string firstError_;
  std::vector<std::uint64_t> buckets_;
};

// CPU time (user and system) that a process and its threads have used, from /proc/<pid>/stat.
[[nodiscard]] std::chrono::duration<double> cpuTimeOf(int pid);

}  // namespace kes::load
