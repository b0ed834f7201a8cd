#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <span>

namespace kes::load {

// Waits for sockets. Each is known by a pointer of the caller's.
class Poller {
 public:
  Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~Poller() { ::close(epoll_); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void add(int descriptor, void* owner) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = owner}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }
  void remove(int descriptor) { ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

  // Those that have something to read; none when `timeout` has passed.
  [[nodiscard]] std::span<const epoll_event> wait(std::chrono::nanoseconds timeout) {
    const auto nanos = std::max<std::int64_t>(0, timeout.count());
    const timespec limit{.tv_sec = nanos / 1'000'000'000, .tv_nsec = nanos % 1'000'000'000};
    const int ready =
        ::epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &limit, nullptr);
    return std::span(events_).first(static_cast<std::size_t>(std::max(ready, 0)));
  }

 private:
  int epoll_;
  std::array<epoll_event, 256> events_{};
};

}  // namespace kes::load
