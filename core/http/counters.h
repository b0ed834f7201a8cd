#pragma once

#include <atomic>
#include <cstdint>

namespace kes::http {

// A number that one thread writes and any may read.
class LoopCounter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.store(get() + count, std::memory_order_relaxed); }
  void subtract(std::uint64_t count) noexcept { value_.store(get() - count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// What one event loop counts, on cache lines of its own.
struct alignas(64) LoopCounters {
  LoopCounter accepted;
  LoopCounter connections;
  LoopCounter handshakes;
  LoopCounter resumed;
  LoopCounter handshakeErrors;
  LoopCounter refused;
  LoopCounter requests;
};

}  // namespace kes::http
