#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "keystore/blob_store.h"

namespace kes::keystore {

// Whether the store answers at all. It counts as offline after three results in a row that say it cannot be
// reached, or one failed probe, until the first success. While it is offline one call at a time finds out
// how it fares, and all others are refused at once: they would only queue behind a store that is gone.
// Thread-safe; nothing blocks.
class Availability {
 public:
  // The right to send one call. Must not outlive the Availability.
  class Ticket {
   public:
    Ticket() noexcept = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket() { release(); }

   private:
    friend class Availability;
    Ticket(Availability* owner, std::uint64_t id) noexcept : owner_(owner), id_(id) {}
    void release() noexcept;

    Availability* owner_ = nullptr;  // null for a call that needs no permission
    std::uint64_t id_ = 0;
  };

  [[nodiscard]] bool offline() const noexcept { return offline_.load(std::memory_order_acquire); }
  // Why the store was last taken to be unreachable.
  [[nodiscard]] StoreFailure cause() const;

  // A ticket, unless the store is offline and another call is finding out. Whoever finds out is waited for
  // until its deadline; a call stuck beyond that does not keep the store offline.
  [[nodiscard]] std::optional<Ticket> admit(base::SteadyTime now, base::SteadyTime deadline);

  void succeeded() noexcept;
  // The result of an ordinary call. A name that is not there is an answer like any other; a refusal tells
  // nothing either way.
  void failed(const StoreFailure& failure);
  // The result of a probe, which needs no second one to believe it.
  void probeFailed(const StoreFailure& failure);

 private:
  void release(std::uint64_t id) noexcept;

  std::atomic<bool> offline_{false};
  mutable std::mutex mutex_;
  int failures_ = 0;  // in a row
  StoreFailure cause_{StoreError::unavailable, {}};
  std::uint64_t lastTicket_ = 0;
  std::uint64_t holder_ = 0;  // the ticket of the call that finds out, 0 = none
  base::SteadyTime holderDeadline_;
};

}  // namespace kes::keystore
