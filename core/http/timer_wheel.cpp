#include "http/timer_wheel.h"

#include <algorithm>

namespace kes::http {

void TimerWheel::schedule(Timer& timer, base::SteadyTime when) noexcept {
  timer.unlink();
  timer.tick_ = std::max(tickAt(when) + 1, tick_ + 1);
  timer.insertBefore(slots_[timer.tick_ % kSlots]);
  next_ = std::min(next_, timer.tick_);
}

void TimerWheel::advance(base::SteadyTime now) {
  const auto target = tickAt(now);
  if (target < next_) {
    tick_ = std::max(tick_, target);
    return;
  }

  ListLink due;
  const auto first = std::max(next_, tick_ + 1);
  const auto slots = std::min<std::uint64_t>(target - first + 1, kSlots);
  for (std::uint64_t i = 0; i < slots; ++i) {
    auto& slot = slots_[(first + i) % kSlots];
    for (auto* link = slot.next; link != &slot;) {
      auto* timer = static_cast<Timer*>(link);
      link = link->next;
      if (timer->tick_ > target) continue;
      timer->unlink();
      timer->insertBefore(due);
    }
  }
  tick_ = target;
  next_ = findNext();
  while (due.linked()) {
    auto* timer = static_cast<Timer*>(due.next);
    timer->unlink();
    timer->onTimer();
  }
}

int TimerWheel::millisecondsUntilNext(base::SteadyTime now) const noexcept {
  constexpr auto kLongest = std::chrono::milliseconds(60'000);
  if (next_ - tick_ > static_cast<std::uint64_t>(kLongest / kTick)) return kLongest.count();
  const auto when = start_ + kTick * static_cast<std::int64_t>(next_);
  if (when <= now) return 0;
  return static_cast<int>(
      std::min(std::chrono::ceil<std::chrono::milliseconds>(when - now), kLongest).count());
}

std::uint64_t TimerWheel::tickAt(base::SteadyTime time) const noexcept {
  if (time <= start_) return 0;
  return static_cast<std::uint64_t>((time - start_) / kTick);
}

// The next tick whose slot is not empty; its timers may belong to a later round, which costs a look in vain.
std::uint64_t TimerWheel::findNext() const noexcept {
  for (std::uint64_t i = 1; i <= kSlots; ++i) {
    if (slots_[(tick_ + i) % kSlots].linked()) return tick_ + i;
  }
  return ~std::uint64_t(0);
}

}  // namespace kes::http
