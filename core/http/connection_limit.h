#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace kes::http {

// How many connections the whole server may have at once. Thread-safe.
class ConnectionLimit : public std::enable_shared_from_this<ConnectionLimit> {
 public:
  explicit ConnectionLimit(std::size_t most) noexcept : most_(most) {}

  // The right to one connection, given back when it dies.
  class Permit {
   public:
    explicit Permit(std::shared_ptr<ConnectionLimit> limit) noexcept : limit_(std::move(limit)) {}
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (limit_) limit_->taken_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    std::shared_ptr<ConnectionLimit> limit_;
  };

  [[nodiscard]] std::optional<Permit> take() {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < most_) return Permit(shared_from_this());
    taken_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }

  [[nodiscard]] std::size_t taken() const noexcept { return taken_.load(std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> taken_ = 0;
};

}  // namespace kes::http
