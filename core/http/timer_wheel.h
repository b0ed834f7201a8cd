#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/time.h"
#include "http/list_link.h"

namespace kes::http {

// Something that wants a call at a point in time. Scheduled at most once; takes itself out when it dies.
class Timer : private ListLink {
 public:
  [[nodiscard]] bool armed() const noexcept { return linked(); }
  void disarm() noexcept { unlink(); }

 protected:
  Timer() noexcept = default;
  virtual ~Timer() { unlink(); }

 private:
  friend class TimerWheel;
  virtual void onTimer() = 0;

  std::uint64_t tick_ = 0;
};

// A hashed timing wheel (Varghese and Lauck): arming and disarming are a few pointer writes, since nearly all
// deadlines of a server are never reached. Timers fire up to one tick late, never early.
class TimerWheel {
 public:
  static constexpr std::chrono::nanoseconds kTick = std::chrono::milliseconds(8);

  explicit TimerWheel(base::SteadyTime start) noexcept : start_(start) {}

  void schedule(Timer& timer, base::SteadyTime when) noexcept;
  // Fires everything due at `now`. Timers may arm and disarm any timer from inside.
  void advance(base::SteadyTime now);
  // How long until `advance` may have something to do; rounded up to milliseconds, at most one minute.
  [[nodiscard]] int millisecondsUntilNext(base::SteadyTime now) const noexcept;

 private:
  static constexpr std::size_t kSlots = 1024;

  [[nodiscard]] std::uint64_t tickAt(base::SteadyTime time) const noexcept;
  [[nodiscard]] std::uint64_t findNext() const noexcept;

  std::array<ListLink, kSlots> slots_;
  base::SteadyTime start_;
  std::uint64_t tick_ = 0;                  // everything up to and including this one has fired
  std::uint64_t next_ = ~std::uint64_t(0);  // nothing is due before this tick
};

}  // namespace kes::http
