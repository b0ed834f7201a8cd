#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace kes::http {

// Memory that request bodies may take in the whole server.
class BodyMemory {
 public:
  explicit BodyMemory(std::size_t total) noexcept : free_(static_cast<std::int64_t>(total)) {}

  [[nodiscard]] bool take(std::int64_t size) noexcept {
    if (free_.fetch_sub(size, std::memory_order_relaxed) >= size) return true;
    give(size);
    return false;
  }
  void give(std::int64_t size) noexcept { free_.fetch_add(size, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> free_;
};

// One event loop's share of it. Takes from the whole in steps, so that small bodies touch nothing that other
// loops write.
class BodyBudget {
 public:
  BodyBudget(std::shared_ptr<BodyMemory> memory, std::size_t step) noexcept
      : memory_(std::move(memory)), step_(static_cast<std::int64_t>(std::max<std::size_t>(step, 1))) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;
  ~BodyBudget() { memory_->give(credit_); }

  [[nodiscard]] bool take(std::size_t size) noexcept {
    const auto wanted = static_cast<std::int64_t>(size);
    if (wanted > credit_) {
      if (memory_->take(wanted + step_)) {
        credit_ += wanted + step_;
      } else if (memory_->take(wanted - credit_)) {
        credit_ = wanted;
      } else {
        return false;
      }
    }
    credit_ -= wanted;
    return true;
  }

  void give(std::size_t size) noexcept {
    credit_ += static_cast<std::int64_t>(size);
    if (credit_ <= 2 * step_) return;
    memory_->give(credit_ - step_);
    credit_ = step_;
  }

 private:
  std::shared_ptr<BodyMemory> memory_;
  std::int64_t step_;
  std::int64_t credit_ = 0;
};

}  // namespace kes::http
