#include "http/event_loop.h"

#include <system_error>
#include <thread>
#include <utility>

#include "http/connection.h"

namespace kes::http {
namespace {

constexpr std::size_t kSpareOutputs = 64;
constexpr std::size_t kLargestSpareOutput = 128 * 1024;
// A connection without events for this long gives its buffers back.
constexpr auto kRelaxAfter = std::chrono::milliseconds(250);
constexpr auto kTickInterval = std::chrono::seconds(1);
// The kernel makes 60 to 110 of it.
constexpr auto kRest = std::chrono::microseconds(50);

}  // namespace

class EventLoop::Relaxation final : private Timer {
 public:
  explicit Relaxation(EventLoop& loop) : loop_(loop) {}
  void schedule() { loop_.timers().schedule(*this, loop_.now() + kRelaxAfter); }

 private:
  void onTimer() override { loop_.relaxIdle(); }

  EventLoop& loop_;
};

class EventLoop::Tick final : private Timer {
 public:
  explicit Tick(EventLoop& loop) : loop_(loop) { again(); }

 private:
  void again() { loop_.timers().schedule(*this, loop_.now() + kTickInterval); }
  void onTimer() override {
    again();
    loop_.handler_->onTick();
  }

  EventLoop& loop_;
};

EventLoop::EventLoop(const Limits& limits, std::shared_ptr<TlsSource> tls,
                     std::shared_ptr<BodyMemory> bodyMemory, std::size_t bodyStep,
                     ConnectionErrorSink onError)
    : limits_(limits),
      tls_(std::move(tls)),
      onError_(std::move(onError)),
      bodyBudget_(std::move(bodyMemory), bodyStep),
      relaxation_(std::make_unique<Relaxation>(*this)),
      exchanges_(*this),
      received_(kReceiveSize),
      plaintext_(kRecordSize) {}

EventLoop::~EventLoop() = default;

void EventLoop::begin(std::unique_ptr<Handler> handler) {
  handler_ = std::move(handler);
  readClock();
  tick_ = std::make_unique<Tick>(*this);
}

void EventLoop::run(std::unique_ptr<Handler> handler) {
  begin(std::move(handler));
  while (!finished()) {
    const auto before = counters_.requests.get();
    const bool slept = turn(stopping_ ? stopDeadline_ : base::SteadyTime::max());
    settleTouched();
    deleteBuried();
    handler_->onTurnEnd();
    const auto requests = counters_.requests.get() - before;
    if (moderation_.restAfter(slept, requests)) std::this_thread::sleep_for(kRest);
  }
  closeAll();
  endTasks();
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
    if (connection->authGeneration() < authGeneration) connection->drain();
  }
}

void EventLoop::adopt(Established established) {
  if (stopping_) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  Connection* connection = nullptr;
  try {
    auto made = std::make_unique<Connection>(*this, std::move(established));
    connections_.insert(made.get());
    connection = made.release();
  } catch (const std::system_error& error) {  // the kernel has no room to watch it
    load_.fetch_sub(1, std::memory_order_relaxed);
    counters_.reach(Limit::connections);
    report({}, error.what());
    return;
  }
  connection->settle();
}

void EventLoop::bury(Connection& connection) {
  connections_.erase(&connection);
  load_.fetch_sub(1, std::memory_order_relaxed);
  buried_.emplace_back(&connection);
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

void EventLoop::settleTouched() {
  while (!touched_.empty()) {
    settling_.swap(touched_);
    for (auto* connection : settling_) connection->settle();
    settling_.clear();
  }
}

void EventLoop::scheduleRelaxation() noexcept {
  relaxation_->schedule();
}

void EventLoop::relaxIdle() {
  while (active_.linked()) {
    auto& idlest = static_cast<Activity&>(*active_.next);
    if (now() - idlest.since < kRelaxAfter) return scheduleRelaxation();
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
  return stopping_ && (connections_.empty() || now() >= stopDeadline_);
}

}  // namespace kes::http
