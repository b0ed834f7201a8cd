#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"
#include "http/timer_wheel.h"

namespace kes::http {

// Something with a file descriptor that wakes the reactor.
class IoSource {
 public:
  virtual ~IoSource() = default;
  virtual void onEvents(std::uint32_t events) = 0;
};

// One thread's epoll, timers and tasks from other threads. Everything but `post` belongs to that thread.
class Reactor {
 public:
  using Task = std::move_only_function<void()>;

  Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  virtual ~Reactor();

  // Runs `task` on the reactor's thread; drops it when that has ended. [any-thread]
  void post(Task task);

  // Throws std::system_error when the kernel has no room.
  void watch(int fd, std::uint32_t events, IoSource& source);
  void rewatch(int fd, std::uint32_t events, IoSource& source);
  void unwatch(int fd) noexcept;

  [[nodiscard]] base::SteadyTime now() const noexcept { return now_; }
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }

 protected:
  void readClock() noexcept { now_ = base::SteadyClock::now(); }
  // Waits until something happens, at most until `until`, and handles all of it. Says whether the thread
  // slept for it.
  bool turn(base::SteadyTime until = base::SteadyTime::max());
  // Takes no more tasks, and runs those that it has.
  void endTasks();

 private:
  class Wakeup;

  [[nodiscard]] int timeout(base::SteadyTime until) const noexcept;
  void runTasks();

  base::SteadyTime now_;
  TimerWheel timers_;
  base::UniqueFd epoll_;
  base::UniqueFd wakeFd_;
  std::unique_ptr<Wakeup> wakeup_;
  std::mutex tasksMutex_;
  std::vector<Task> tasks_;
  bool ended_ = false;  // under tasksMutex_
  std::atomic<bool> hasTasks_ = false;
};

}  // namespace kes::http
