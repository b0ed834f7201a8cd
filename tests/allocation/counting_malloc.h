#pragma once

#include <cstdint>

namespace kes::test {

// How often the threads of event loops have asked for memory. [any-thread]
struct Allocations {
  std::uint64_t ours = 0;      // of malloc and its like
  std::uint64_t openSsls = 0;  // of OpenSSL, for itself
};
[[nodiscard]] Allocations loopAllocations() noexcept;

// Counts OpenSSL apart. To be called before anything else uses it.
void countOpenSsl() noexcept;

}  // namespace kes::test
