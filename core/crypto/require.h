#pragma once

#include <cstdio>
#include <cstdlib>

namespace kes::crypto {

// Ends the process when something does not hold that there is no safe way on without.
inline void require(bool holds, const char* what) noexcept {
  if (holds) return;
  (void)std::fprintf(stderr, "kes: fatal: %s\n", what);
  std::abort();
}

}  // namespace kes::crypto
