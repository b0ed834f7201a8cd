#pragma once

#include <atomic>
#include <cstdint>

#include "http/server.h"

namespace kes::http {

// A number that one thread writes and any may read.
class LoopCounter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.store(get() + count, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// What one event loop or handshaker counts, on cache lines of its own.
struct alignas(64) LoopCounters {
  LoopCounter accepted;
  LoopCounter handshakes;
  LoopCounter resumed;
  LoopCounter handshakeErrors;
  LoopCounter refused;
  LoopCounter requests;

  void addTo(Counters& sum) const noexcept {
    sum.accepted += accepted.get();
    sum.handshakes += handshakes.get();
    sum.resumed += resumed.get();
    sum.handshakeErrors += handshakeErrors.get();
    sum.refused += refused.get();
    sum.requests += requests.get();
  }
};

}  // namespace kes::http
