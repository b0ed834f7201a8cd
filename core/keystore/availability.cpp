#include "keystore/availability.h"

#include <utility>

namespace kes::keystore {
namespace {

constexpr int kFailuresUntilOffline = 3;

enum class Sign { reachable, unreachable, neither };

Sign signOf(StoreError error) noexcept {
  switch (error) {
    case StoreError::exists:
    case StoreError::notFound:
    case StoreError::conflict:
      return Sign::reachable;
    case StoreError::unavailable:
    case StoreError::timeout:
    case StoreError::throttled:
    case StoreError::outcomeUnknown:
      return Sign::unreachable;
    case StoreError::denied:
    case StoreError::invalid:
    case StoreError::unsupported:
    case StoreError::corrupt:
    case StoreError::internal:
      return Sign::neither;
  }
  return Sign::neither;
}

}  // namespace

Availability::Ticket::Ticket(Ticket&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}

Availability::Ticket& Availability::Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    release();
    owner_ = std::exchange(other.owner_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void Availability::Ticket::release() noexcept {
  if (owner_ != nullptr) std::exchange(owner_, nullptr)->release(id_);
}

StoreFailure Availability::cause() const {
  const std::lock_guard lock(mutex_);
  return cause_;
}

std::optional<Availability::Ticket> Availability::admit(base::SteadyTime now, base::SteadyTime deadline) {
  if (!offline()) return Ticket();
  const std::lock_guard lock(mutex_);
  if (holder_ != 0 && now < holderDeadline_) return std::nullopt;
  holder_ = ++lastTicket_;
  holderDeadline_ = deadline;
  return Ticket(this, holder_);
}

void Availability::succeeded() noexcept {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  offline_.store(false, std::memory_order_release);
}

void Availability::failed(const StoreFailure& failure) {
  const Sign sign = signOf(failure.error);
  if (sign == Sign::neither) return;
  if (sign == Sign::reachable) return succeeded();
  const std::lock_guard lock(mutex_);
  cause_ = failure;
  if (++failures_ >= kFailuresUntilOffline) offline_.store(true, std::memory_order_release);
}

void Availability::probeFailed(const StoreFailure& failure) {
  const Sign sign = signOf(failure.error);
  if (sign == Sign::reachable) return succeeded();
  if (sign == Sign::neither && failure.error != StoreError::internal) return;
  const std::lock_guard lock(mutex_);
  cause_ = failure;
  offline_.store(true, std::memory_order_release);
}

void Availability::release(std::uint64_t id) noexcept {
  const std::lock_guard lock(mutex_);
  if (holder_ == id) holder_ = 0;
}

}  // namespace kes::keystore
