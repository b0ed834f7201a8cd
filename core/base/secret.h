#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace kes::base {

// Secret bytes: they live in a guard-paged arena that is locked into memory and left out of core dumps, and
// are wiped when they die. There is no implicit conversion, copy or output operator; `reveal()` is the word
// to grep for. Thread-safe as a value type is: const access from many threads, one writer.
class Secret {
 public:
  Secret() noexcept = default;
  // `size` zero bytes. Throws std::bad_alloc when neither the arena nor a mapping of its own is to be had.
  explicit Secret(std::size_t size);
  // Takes a copy of `bytes`; wiping the source is the caller's business (see `wipe`).
  [[nodiscard]] static Secret copyOf(ByteView bytes);

  Secret(Secret&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { reset(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] ByteView reveal() const noexcept { return {data_, size_}; }
  [[nodiscard]] ByteSpan revealMutable() noexcept { return {data_, size_}; }
  [[nodiscard]] Secret clone() const { return copyOf(reveal()); }

  // Keeps the first `size` bytes and wipes the rest. `size` must not exceed size().
  void truncate(std::size_t size) noexcept;
  void reset() noexcept;

  // Compares in time that depends on the sizes only.
  [[nodiscard]] friend bool equal(const Secret& a, const Secret& b) noexcept {
    return equalConstantTime(a.reveal(), b.reveal());
  }

  [[nodiscard]] static bool equalConstantTime(ByteView a, ByteView b) noexcept;

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // what was allocated; truncate() keeps it
};

// Overwrites memory in a way the compiler may not remove.
void wipe(void* data, std::size_t size) noexcept;
inline void wipe(ByteSpan bytes) noexcept {
  wipe(bytes.data(), bytes.size());
}
void wipe(std::string& text) noexcept;

// How much of the arena is in use, and whether every page of it could be locked (RLIMIT_MEMLOCK).
struct ArenaStatus {
  std::size_t bytesInUse;
  std::size_t bytesMapped;
  bool locked;
};
[[nodiscard]] ArenaStatus arenaStatus() noexcept;

}  // namespace kes::base
