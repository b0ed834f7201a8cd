#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/counter.h"

namespace kes::api {

// What the handler of one event loop counts, on cache lines of its own.
struct alignas(64) HandlerCounters {
  base::Counter bodySize;  // bodies larger than their route takes
  base::Counter jsonDepth;
  base::Counter requestsPerIdentity;
  base::Counter missesPerIdentity;
};

// Those of all loops. They outlive their handlers, so that nothing is ever counted backwards. Thread-safe.
class AllHandlerCounters {
 public:
  [[nodiscard]] std::shared_ptr<HandlerCounters> add() {
    const std::lock_guard lock(mutex_);
    return loops_.emplace_back(std::make_shared<HandlerCounters>());
  }

  [[nodiscard]] std::uint64_t sum(base::Counter HandlerCounters::* counter) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& loop : loops_) sum += ((*loop).*counter).get();
    return sum;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<HandlerCounters>> loops_;
};

}  // namespace kes::api
