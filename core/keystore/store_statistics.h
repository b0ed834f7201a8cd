#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/counter.h"
#include "base/latency_histogram.h"
#include "keystore/blob_store.h"

namespace kes::keystore {

// What the calls into a back end came to, and how long they took. Thread-safe, by a lock: a call takes far
// longer than it is held.
class StoreStatistics {
 public:
  // `failure` is nothing for a call that did as asked.
  void add(StoreOperation operation, std::optional<StoreError> failure, std::chrono::nanoseconds duration) {
    const std::lock_guard lock(mutex_);
    One& one = operations_[static_cast<std::size_t>(operation)];
    one.duration.add(duration);
    one.outcomes[failure ? 1 + static_cast<std::size_t>(*failure) : 0].add();
  }

  [[nodiscard]] std::array<OperationCounters, kStoreOperations> snapshot() const {
    std::array<OperationCounters, kStoreOperations> all;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].duration = operations_[i].duration.snapshot();
      for (std::size_t outcome = 0; outcome < kStoreOutcomes; ++outcome) {
        all[i].outcomes[outcome] = operations_[i].outcomes[outcome].get();
      }
    }
    return all;
  }

 private:
  struct One {
    base::LatencyHistogram duration;
    std::array<base::Counter, kStoreOutcomes> outcomes;
  };

  mutable std::mutex mutex_;
  std::array<One, kStoreOperations> operations_;
};

}  // namespace kes::keystore
