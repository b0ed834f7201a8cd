#include "observe/heap_objects.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

std::uint64_t kes::observe::heapObjects() noexcept {
  return 0;
}

#else

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

namespace kes::observe {
namespace {

// Threads count on cache lines of their own as long as they are few. One thread may free what another has
// made, so only the sum of all means something.
struct alignas(64) Alive {
  std::atomic<std::int64_t> objects{0};
};
constinit std::array<Alive, 32> alive{};
constinit std::atomic<unsigned> threads{0};

std::atomic<std::int64_t>& ours() noexcept {
  static thread_local const unsigned place = threads.fetch_add(1, std::memory_order_relaxed) % alive.size();
  return alive[place].objects;
}

void* allocate(std::size_t size, std::size_t alignment) {
  const std::size_t least = size == 0 ? 1 : size;
  for (;;) {
    void* const memory = alignment == 0
                             ? std::malloc(least)
                             : std::aligned_alloc(alignment, (least + alignment - 1) / alignment * alignment);
    if (memory != nullptr) {
      ours().fetch_add(1, std::memory_order_relaxed);
      return memory;
    }
    const auto handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  ours().fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

std::uint64_t heapObjects() noexcept {
  std::int64_t sum = 0;
  for (const Alive& some : alive) sum += some.objects.load(std::memory_order_relaxed);
  return sum < 0 ? 0 : static_cast<std::uint64_t>(sum);
}

}  // namespace kes::observe

// Those that are not here (arrays, nothrow) come down to these (C++20 [new.delete]).
void* operator new(std::size_t size) {
  return kes::observe::allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return kes::observe::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  kes::observe::release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  kes::observe::release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  kes::observe::release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  kes::observe::release(memory);
}

#endif
