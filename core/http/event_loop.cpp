#include "http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "http/connection.h"

namespace kes::http {
namespace {

constexpr std::size_t kEventsPerTurn = 256;
// Each is about half a millisecond of asymmetric cryptography, while established connections wait.
constexpr std::size_t kHandshakeStepsPerTurn = 4;
constexpr std::size_t kSpareOutputs = 64;
constexpr std::size_t kLargestSpareOutput = 128 * 1024;
// A connection without events for this long gives its buffers back.
constexpr auto kRelaxAfter = std::chrono::seconds(1);
constexpr auto kTickInterval = std::chrono::seconds(1);

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

}  // namespace

// Somebody has posted a task. The eventfd is watched edge-triggered: it never needs to be read.
class EventLoop::Wakeup final : public IoSource {
 public:
  void onEvents(std::uint32_t) override {}
};

class EventLoop::Tick final : private Timer {
 public:
  explicit Tick(EventLoop& loop) : loop_(loop) { again(); }

 private:
  void again() { loop_.timers_.schedule(*this, loop_.now_ + kTickInterval); }
  void onTimer() override {
    again();
    loop_.handshakes_.sweep(loop_.now_);
    loop_.relaxIdle();
    loop_.handler_->onTick();
  }

  EventLoop& loop_;
};

EventLoop::EventLoop(const Limits& limits, std::shared_ptr<TlsSource> tls,
                     std::shared_ptr<BodyMemory> bodyMemory, std::size_t bodyStep)
    : limits_(limits),
      tls_(std::move(tls)),
      now_(base::SteadyClock::now()),
      timers_(now_),
      bodyBudget_(std::move(bodyMemory), bodyStep),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wakeFd_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      wakeup_(std::make_unique<Wakeup>()),
      exchanges_(*this),
      handshakes_(limits.handshakes),
      received_(kReceiveSize),
      plaintext_(kRecordSize) {
  watch(wakeFd_.get(), EPOLLIN | EPOLLET, *wakeup_);
}

EventLoop::~EventLoop() = default;

void EventLoop::post(std::uint64_t exchange, Task task) {
  bool first = false;
  {
    const std::lock_guard lock(postedMutex_);
    if (closed_) return;
    first = posted_.empty();
    posted_.push_back({exchange, std::move(task)});
    hasPosted_.store(true, std::memory_order_release);
  }
  if (!first) return;
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto written = ::write(wakeFd_.get(), &one, sizeof one);
}

void EventLoop::begin(std::unique_ptr<Handler> handler) {
  handler_ = std::move(handler);
  now_ = base::SteadyClock::now();
  tick_ = std::make_unique<Tick>(*this);
}

void EventLoop::run(std::unique_ptr<Handler> handler) {
  begin(std::move(handler));
  while (!finished()) turn();
  closeAll();
  {
    const std::lock_guard lock(postedMutex_);
    closed_ = true;
  }
  runPosted();
  deleteBuried();
  tick_.reset();
  handler_.reset();
}

void EventLoop::stop(base::SteadyTime deadline) {
  stopping_ = true;
  stopDeadline_ = deadline;
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (auto* connection : all) connection->drain();
}

void EventLoop::drainOlderThan(std::uint64_t authGeneration) {
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (auto* connection : all) {
    const auto generation = connection->authGeneration();
    if (generation && *generation < authGeneration) connection->drain();
  }
}

void EventLoop::adopt(UniqueFd socket, const std::string& address) {
  if (stopping_) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  try {
    auto connection = std::make_unique<Connection>(*this, std::move(socket), address);
    connections_.insert(connection.get());
    static_cast<void>(connection.release());
    counters_.connections.add();
  } catch (const std::system_error& error) {  // the kernel has no room to watch it
    load_.fetch_sub(1, std::memory_order_relaxed);
    counters_.refused.add();
    report(address, error.what());
  }
}

void EventLoop::watch(int fd, std::uint32_t events, IoSource& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void EventLoop::rewatch(int fd, std::uint32_t events, IoSource& source) {
  epoll_event event{.events = events, .data = {.ptr = &source}};
  checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event), "epoll_ctl");
}

void EventLoop::bury(Connection& connection) {
  connections_.erase(&connection);
  counters_.connections.subtract(1);
  load_.fetch_sub(1, std::memory_order_relaxed);
  buried_.emplace_back(&connection);
}

void EventLoop::report(std::string_view address, std::string_view what) {
  handler_->onConnectionError(address, what);
}

base::Bytes EventLoop::takeOutput() {
  if (spareOutputs_.empty()) {
    base::Bytes fresh;
    fresh.reserve(kRecordSize);
    return fresh;
  }
  auto buffer = std::move(spareOutputs_.back());
  spareOutputs_.pop_back();
  return buffer;
}

void EventLoop::giveOutput(base::Bytes&& buffer) {
  auto taken = std::exchange(buffer, {});
  if (taken.capacity() > kLargestSpareOutput || spareOutputs_.size() >= kSpareOutputs) return;
  taken.clear();
  spareOutputs_.push_back(std::move(taken));
}

void EventLoop::turn() {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout());
  now_ = base::SteadyClock::now();
  // Cheap events first; of the costly ones only a few, the others are reported again in the next turn.
  for (int i = 0; i < count; ++i) {
    auto& source = *static_cast<IoSource*>(events[i].data.ptr);
    if (source.costly() && (events[i].events & EPOLLIN) != 0) {
      costly_.push_back(&source);
    } else {
      source.onEvents(events[i].events);
    }
  }
  const auto steps = std::min(costly_.size(), kHandshakeStepsPerTurn);
  for (std::size_t i = 0; i < steps; ++i) costly_[i]->onEvents(EPOLLIN);
  costly_.clear();

  if (hasPosted_.load(std::memory_order_acquire)) runPosted();
  timers_.advance(now_);
  settleTouched();
  deleteBuried();
}

int EventLoop::timeout() const noexcept {
  const int untilTimer = timers_.millisecondsUntilNext(now_);
  if (!stopping_) return untilTimer;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(stopDeadline_ - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, untilTimer));
}

void EventLoop::runPosted() {
  std::vector<Posted> posted;
  {
    const std::lock_guard lock(postedMutex_);
    posted.swap(posted_);
    hasPosted_.store(false, std::memory_order_relaxed);
  }
  for (auto& [exchange, task] : posted) task(exchanges_.find(exchange));
}

void EventLoop::settleTouched() {
  while (!touched_.empty()) {
    settling_.swap(touched_);
    for (auto* connection : settling_) connection->settle();
    settling_.clear();
  }
}

void EventLoop::relaxIdle() {
  while (active_.linked()) {
    auto& idlest = static_cast<Activity&>(*active_.next);
    if (now_ - idlest.since < kRelaxAfter) return;
    idlest.unlink();
    idlest.connection.relax();
  }
}

void EventLoop::deleteBuried() {
  buried_.clear();
}

void EventLoop::closeAll() {
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (auto* connection : all) connection->close();
  deleteBuried();
}

bool EventLoop::finished() const noexcept {
  return stopping_ && (connections_.empty() || now_ >= stopDeadline_);
}

}  // namespace kes::http
