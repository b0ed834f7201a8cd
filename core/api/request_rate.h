#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"

namespace kes::api {

// So many requests per second of each identity, and so many at once.
struct RequestRate {
  std::uint64_t perSecond = 0;  // 0 = no limit
  std::uint64_t burst = 0;

  [[nodiscard]] std::chrono::nanoseconds interval() const noexcept {
    return std::chrono::nanoseconds(1'000'000'000 / perSecond);
  }
};

// The token bucket of each identity, which all event loops share. An identity whose bucket is full takes no
// memory. Thread-safe, by a lock: that is why a loop has a RateShare.
class RateBuckets {
 public:
  struct Grant {
    std::uint64_t requests;
    std::chrono::nanoseconds wait;  // until there is another, where there was none
  };
  // Up to `wanted` requests.
  [[nodiscard]] Grant take(std::string_view identity, const RequestRate& rate, std::uint64_t wanted,
                           base::SteadyTime now);
  // Those that were not used after all.
  void give(std::string_view identity, const RequestRate& rate, std::uint64_t requests);

  // How many buckets are not full.
  [[nodiscard]] std::size_t size() const;

 private:
  void sweep(base::SteadyTime now);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, base::SteadyTime> fullAt_;  // when each bucket is full again
  base::SteadyTime nextSweep_{};
};

// What one event loop has taken out of the buckets. It takes several requests at a time for an identity that
// makes many, so that the lock and what lies behind it are not touched by every request.
class RateShare {
 public:
  explicit RateShare(RateBuckets& buckets) noexcept : buckets_(buckets) {}

  // Nothing when the request may go on, or how long its client has to wait.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> spend(std::string_view identity,
                                                              const RequestRate& rate, base::SteadyTime now);
  // Returns what is left and forgets everybody; to be called about once a second.
  void giveBack(const RequestRate& rate);

 private:
  struct Share {
    std::uint64_t left = 0;
    std::uint64_t spent = 0;
    base::SteadyTime emptyUntil{};
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  RateBuckets& buckets_;
  std::unordered_map<std::string, Share, Hash, std::equal_to<>> shares_;
};

}  // namespace kes::api
