#pragma once

#include <atomic>
#include <cstdint>

namespace kes::base {

// A number that one thread writes and any may read. Those of one thread belong on cache lines of their own.
class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.store(get() + count, std::memory_order_relaxed); }
  void subtract(std::uint64_t count) noexcept { value_.store(get() - count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace kes::base
