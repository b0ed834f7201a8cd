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
  std::array<base::Counter, kHandshakeFailures> failures;
  std::array<base::Counter, kProtocols> opened;
  std::array<base::Counter, kProtocols> closed;
  base::Counter requests;
  std::array<base::Counter, kLimits> reached;

  void reach(Limit limit) noexcept { reached[static_cast<std::size_t>(limit)].add(); }
  void open(Protocol protocol) noexcept { opened[static_cast<std::size_t>(protocol)].add(); }
  void close(Protocol protocol) noexcept { closed[static_cast<std::size_t>(protocol)].add(); }
  void fail(HandshakeFailure why) noexcept { failures[static_cast<std::size_t>(why)].add(); }

  void addTo(Counters& sum) const noexcept {
    sum.accepted += accepted.get();
    sum.handshakes += handshakes.get();
    sum.resumed += resumed.get();
    sum.requests += requests.get();
    addEach(sum.failures, failures);
    addEach(sum.opened, opened);
    addEach(sum.closed, closed);
    addEach(sum.reached, reached);
  }

 private:
  template <std::size_t n>
  static void addEach(std::array<std::uint64_t, n>& sums, const std::array<base::Counter, n>& counters) {
    for (std::size_t i = 0; i < n; ++i) sums[i] += counters[i].get();
  }
};

}  // namespace kes::http
