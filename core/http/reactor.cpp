#include "http/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace kes::http {
namespace {

constexpr std::size_t kEventsPerTurn = 256;
// To collect events that are there takes less, to go to sleep and be woken up takes longer.
constexpr auto kShortestSleep = std::chrono::microseconds(10);

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

}  // namespace

// Somebody has posted a task. The eventfd is watched edge-triggered: it never needs to be read.
class Reactor::Wakeup final : public IoSource {
 public:
  void onEvents(std::uint32_t) override {}
};

Reactor::Reactor()
    : now_(base::SteadyClock::now()),
      timers_(now_),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wakeFd_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      wakeup_(std::make_unique<Wakeup>()) {
  watch(wakeFd_.get(), EPOLLIN | EPOLLET, *wakeup_);
}

Reactor::~Reactor() = default;

void Reactor::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(tasksMutex_);
    if (ended_) return;
    first = tasks_.empty();
    tasks_.push_back(std::move(task));
    hasTasks_.store(true, std::memory_order_release);
  }
  if (!first) return;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the thread is awake anyway.
  [[maybe_unused]] const auto written = ::write(wakeFd_.get(), &one, sizeof one);
}

void Reactor::watch(int fd, std::uint32_t events, IoSource& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Reactor::rewatch(int fd, std::uint32_t events, IoSource& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event), "epoll_ctl");
}

void Reactor::unwatch(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

bool Reactor::turn(base::SteadyTime until) {
  std::array<epoll_event, kEventsPerTurn> events;
  const auto begin = base::SteadyClock::now();
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout(until));
  readClock();
  const bool slept = now_ - begin >= kShortestSleep;
  for (int i = 0; i < count; ++i) {
    static_cast<IoSource*>(events[static_cast<std::size_t>(i)].data.ptr)
        ->onEvents(events[static_cast<std::size_t>(i)].events);
  }
  if (hasTasks_.load(std::memory_order_acquire)) runTasks();
  timers_.advance(now_);
  return slept;
}

void Reactor::endTasks() {
  {
    const std::lock_guard lock(tasksMutex_);
    ended_ = true;
  }
  runTasks();
}

int Reactor::timeout(base::SteadyTime until) const noexcept {
  const int untilTimer = timers_.millisecondsUntilNext(now_);
  if (until == base::SteadyTime::max()) return untilTimer;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, untilTimer));
}

void Reactor::runTasks() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(tasksMutex_);
    tasks.swap(tasks_);
    hasTasks_.store(false, std::memory_order_relaxed);
  }
  for (auto& task : tasks) task();
}

}  // namespace kes::http
