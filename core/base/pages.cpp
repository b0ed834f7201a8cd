#include "base/pages.h"

#include <sys/mman.h>

namespace kes::base {
namespace {

#ifndef MADV_DONTNEED_LOCKED
constexpr int MADV_DONTNEED_LOCKED = 24;  // Linux 5.18
#endif

}  // namespace

// The process keeps its memory out of swap by locking it, and locked memory goes back by the newer call only.
bool discardPages(void* begin, std::size_t size) noexcept {
  return ::madvise(begin, size, MADV_DONTNEED_LOCKED) == 0 || ::madvise(begin, size, MADV_DONTNEED) == 0;
}

}  // namespace kes::base
