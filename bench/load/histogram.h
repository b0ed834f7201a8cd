#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <vector>

namespace kes::load {

// Latencies in buckets of at most 1/128 of their value (log-linear, as HdrHistogram has them, which Debian 12
// lacks for C and C++), so that a run of any length takes the same memory.
class Histogram {
 public:
  void add(std::chrono::nanoseconds latency) {
    const auto nanos = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()));
    ++buckets_[indexOf(nanos)];
    ++count_;
    largest_ = std::max(largest_, nanos);
  }

  void clear() {
    std::ranges::fill(buckets_, 0);
    count_ = 0;
    largest_ = 0;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] double largestMicros() const noexcept { return static_cast<double>(largest_) / 1000.0; }

  // Microseconds that at least `share` (0 … 1) of the latencies did not exceed.
  [[nodiscard]] double percentileMicros(double share) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * share);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > wanted) return static_cast<double>(std::min(upperBound(i), largest_)) / 1000.0;
    }
    return largestMicros();
  }

 private:
  static constexpr unsigned kStepBits = 7;
  static constexpr std::uint64_t kSteps = 1U << kStepBits;

  // Below kSteps each value has a bucket; above, each power of two has kSteps of them.
  static std::size_t indexOf(std::uint64_t value) {
    if (value < kSteps) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepBits;
    return (shift + 1) * kSteps + (value >> shift) - kSteps;
  }

  static std::uint64_t upperBound(std::size_t index) {
    if (index < kSteps) return index;
    const std::size_t shift = index / kSteps - 1;
    return ((index % kSteps + kSteps + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>((64 - kStepBits + 1) * kSteps);
  std::uint64_t count_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace kes::load
