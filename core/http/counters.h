#pragma once

#include <array>

#include "base/counter.h"
#include "http/server.h"

namespace kes::http {

// What one event loop or handshaker counts, on cache lines of its own.
struct alignas(64) LoopCounters {
  base::Counter accepted;
  base::Counter handshakes;
  base::Counter resumed;
  base::Counter handshakeErrors;
  base::Counter requests;
  std::array<base::Counter, kLimits> reached;

  void reach(Limit limit) noexcept { reached[static_cast<std::size_t>(limit)].add(); }

  void addTo(Counters& sum) const noexcept {
    sum.accepted += accepted.get();
    sum.handshakes += handshakes.get();
    sum.resumed += resumed.get();
    sum.handshakeErrors += handshakeErrors.get();
    sum.requests += requests.get();
    for (std::size_t i = 0; i < kLimits; ++i) sum.reached[i] += reached[i].get();
  }
};

}  // namespace kes::http
