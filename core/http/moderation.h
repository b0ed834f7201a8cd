#pragma once

#include <algorithm>
#include <cstdint>

namespace kes::http {

// Decides after each turn of an event loop whether it rests for a moment, so that the requests which arrive
// meanwhile share one wake-up: a wake-up costs several times what a request does. Network cards moderate
// their interrupts alike (docs/decisions/0008).
//
// Only a loop that has been asleep may rest; a busy one gathers requests as it is. Whether others are about
// to ask cannot be known, so it is tried: after a rest in vain, twice as many wake-ups as before pass until
// the next. A client that asks, waits and asks again thus meets a rest once in a thousand requests.
class Moderation {
 public:
  // Whether to rest now, after a turn that the thread was woken up for, or not, and its number of requests.
  [[nodiscard]] bool restAfter(bool woken, std::uint64_t requests) noexcept {
    if (rested_) {
      vain_ = requests >= kCompany ? 0 : std::min(vain_ + 1, kMostVain);
      wakeUpsUntilRest_ = (1U << vain_) - 1;
      rested_ = vain_ == 0 && requests < kEnough && ++inARow_ < kMostInARow;
      return rested_;
    }
    if (!woken || requests >= kEnough) return false;
    if (wakeUpsUntilRest_ > 0) {
      --wakeUpsUntilRest_;
      return false;
    }
    inARow_ = 0;
    return rested_ = true;
  }

 private:
  // Fewer do not make up for being late.
  static constexpr std::uint64_t kCompany = 3;
  // So many share a turn as it is.
  static constexpr std::uint64_t kEnough = 16;
  // Then it has to be seen whether the loop would still sleep without.
  static constexpr std::uint32_t kMostInARow = 4;
  static constexpr std::uint32_t kMostVain = 10;

  bool rested_ = false;
  std::uint32_t inARow_ = 0;
  std::uint32_t vain_ = 0;  // since the last good one
  std::uint32_t wakeUpsUntilRest_ = 0;
};

}  // namespace kes::http
