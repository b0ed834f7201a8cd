#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace kes::observe {

// A first-in-first-out queue of at most `capacity` things (a power of two, at least 2), from many threads to
// one, without a lock: D. Vyukov's bounded queue, whose cells say by a sequence number whose turn it is.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity)
      : mask_(std::bit_ceil(std::max<std::size_t>(capacity, 2)) - 1),
        cells_(std::make_unique<Cell[]>(mask_ + 1)) {
    for (std::size_t i = 0; i <= mask_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }

  // False, and `value` untouched, where it is full. [any-thread]
  [[nodiscard]] bool push(T&& value) {
    std::size_t at = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[at & mask_];
      const auto ahead = static_cast<std::ptrdiff_t>(cell.turn.load(std::memory_order_acquire) - at);
      if (ahead < 0) return false;
      if (ahead > 0) {
        at = tail_.load(std::memory_order_relaxed);
        continue;
      }
      if (!tail_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed)) continue;
      cell.value = std::move(value);
      cell.turn.store(at + 1, std::memory_order_release);
      return true;
    }
  }

  // Whether there is nothing to pop. [the thread that pops]
  [[nodiscard]] bool empty() const noexcept {
    return cells_[head_ & mask_].turn.load(std::memory_order_acquire) != head_ + 1;
  }
  // The oldest, if there is any. [one thread]
  [[nodiscard]] std::optional<T> pop() {
    if (empty()) return std::nullopt;
    Cell& cell = cells_[head_ & mask_];
    std::optional<T> value(std::move(cell.value));
    cell.value = T();
    cell.turn.store(head_ + mask_ + 1, std::memory_order_release);
    ++head_;
    return value;
  }

 private:
  struct Cell {
    std::atomic<std::size_t> turn;
    T value{};
  };

  const std::size_t mask_;
  const std::unique_ptr<Cell[]> cells_;
  alignas(64) std::atomic<std::size_t> tail_ = 0;
  alignas(64) std::size_t head_ = 0;
};

}  // namespace kes::observe
