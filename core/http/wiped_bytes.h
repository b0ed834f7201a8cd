#pragma once

#include <cstdint>
#include <new>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"

namespace kes::http {

// Overwrites memory before it goes back to the heap, also when a vector outgrows it.
template <typename T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() noexcept = default;
  template <typename U>
  WipingAllocator(const WipingAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor): rebinding

  [[nodiscard]] T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept {
    base::wipe(memory, count * sizeof(T));
    ::operator delete(memory);
  }
  template <typename U>
  friend bool operator==(const WipingAllocator&, const WipingAllocator<U>&) noexcept {
    return true;
  }
};

// Plaintext on its way in or out: bodies may hold keys.
using WipedBytes = std::vector<std::uint8_t, WipingAllocator<std::uint8_t>>;

inline void append(WipedBytes& out, base::ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void append(WipedBytes& out, std::string_view text) {
  append(out, base::bytesOf(text));
}

// Empties the buffer and keeps at most `capacity` bytes of its memory.
inline void wipeAndClear(WipedBytes& buffer, std::size_t capacity) {
  if (buffer.capacity() > capacity) {
    buffer = WipedBytes();
    return;
  }
  base::wipe(buffer.data(), buffer.size());
  buffer.clear();
}

}  // namespace kes::http
