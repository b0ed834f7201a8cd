#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/counter.h"

namespace kes::base {

// How many things took how long. One thread writes and any may read, as with a Counter.
class LatencyHistogram {
 public:
  // The longest duration of each class but the last, which has no end. A request that the cache answers takes
  // microseconds; from 10 ms on these are also the bounds of the Go server's histogram.
  static constexpr auto kBounds = [] {
    using std::chrono::microseconds;
    std::array<std::chrono::nanoseconds, 19> bounds{};
    constexpr std::array kMicroseconds = {
        25,     50,      100,     250,     500,       1'000,     2'500,     5'000,     10'000,    25'000,
        50'000, 100'000, 250'000, 500'000, 1'000'000, 1'500'000, 3'000'000, 5'000'000, 10'000'000};
    static_assert(kMicroseconds.size() == bounds.size());
    std::ranges::transform(kMicroseconds, bounds.begin(), [](int count) { return microseconds(count); });
    return bounds;
  }();

  // The numbers at one moment, to be added to others.
  struct Snapshot {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};  // of each class alone
    std::chrono::nanoseconds sum{0};

    [[nodiscard]] std::uint64_t total() const noexcept {
      std::uint64_t total = 0;
      for (const std::uint64_t count : counts) total += count;
      return total;
    }
    Snapshot& operator+=(const Snapshot& other) noexcept {
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
      sum += other.sum;
      return *this;
    }
  };

  void add(std::chrono::nanoseconds duration) noexcept {
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    std::size_t at = kFirstClass[static_cast<std::size_t>(std::bit_width(nanoseconds))];
    while (at < kBounds.size() && duration > kBounds[at]) ++at;
    counts_[at].add();
    sum_.add(nanoseconds);
  }

  [[nodiscard]] Snapshot snapshot() const noexcept {
    Snapshot now;
    for (std::size_t i = 0; i < counts_.size(); ++i) now.counts[i] = counts_[i].get();
    now.sum = std::chrono::nanoseconds(sum_.get());
    return now;
  }

 private:
  // Of the durations of so many bits, the class of the shortest one: the others' are not far.
  static constexpr auto kFirstClass = [] {
    std::array<std::uint8_t, 65> first{};
    for (std::size_t bits = 1; bits < first.size(); ++bits) {
      const std::uint64_t shortest = std::uint64_t{1} << (bits - 1);
      while (first[bits] < kBounds.size() &&
             shortest > static_cast<std::uint64_t>(kBounds[first[bits]].count())) {
        ++first[bits];
      }
    }
    return first;
  }();

  std::array<Counter, kBounds.size() + 1> counts_;
  Counter sum_;  // nanoseconds
};

}  // namespace kes::base
