#include "keystore/store_core.h"

#include <algorithm>
#include <utility>

#include "keystore/store_calls.h"
#include "keystore/store_error.h"

namespace kes::keystore {
namespace {

constexpr std::chrono::seconds kProbeInterval{10};
constexpr std::chrono::seconds kProbeTimeout{10};

base::Error shutDownError() {
  return {base::ErrorCode::shuttingDown};
}

base::Error abandonedError() {
  return base::Error::withCause(base::ErrorCode::outcomeUnknown,
                                "the key store was closed while a call was still inside");
}

base::Error droppedError(Job::Dropped why) {
  switch (why) {
    case Job::Dropped::tooLate:
      return notSentError("the deadline passed while the call was queued");
    case Job::Dropped::cancelled:
      return base::Error::withCause(base::ErrorCode::outcomeUnknown, "the caller has gone");
    case Job::Dropped::shutDown:
      return shutDownError();
  }
  return {base::ErrorCode::internal};
}

WorkerPool::Limits limitsFor(const BlobStore& store, WorkerPool::Limits limits) {
  limits.threads = store.serial() ? 1 : std::max<std::size_t>(1, limits.threads);
  return limits;
}

// A call that is not shared: create, remove, list, status.
template <typename T>
class SingleCall final : public Job {
 public:
  SingleCall(std::shared_ptr<StoreCore> core, const Call& call, Availability::Ticket ticket,
             std::move_only_function<base::Result<T>()> work, Done<T> done)
      : core_(std::move(core)),
        deadline_(call.deadline),
        cancelled_(call.cancelled),
        ticket_(std::move(ticket)),
        work_(std::move(work)),
        done_(std::move(done)) {}

  [[nodiscard]] base::SteadyTime deadline() const noexcept override { return deadline_; }
  [[nodiscard]] bool cancelled() const noexcept override {
    return cancelled_ != nullptr && cancelled_->load();
  }

  void run() noexcept override {
    auto result = work_();
    ticket_ = {};
    answer(std::move(result));
  }
  void drop(Dropped why) noexcept override {
    ticket_ = {};
    answer(std::unexpected(droppedError(why)));
  }
  void abandon() noexcept override { answer(std::unexpected(abandonedError())); }

  void answer(base::Result<T> result) noexcept {
    if (!answered_.exchange(true)) done_(std::move(result));
  }

 private:
  const std::shared_ptr<StoreCore> core_;  // first: the rest may refer to it
  const base::SteadyTime deadline_;
  const std::shared_ptr<const std::atomic<bool>> cancelled_;
  Availability::Ticket ticket_;
  std::move_only_function<base::Result<T>()> work_;
  Done<T> done_;
  std::atomic<bool> answered_{false};
};

}  // namespace

// The read of a key, shared by all who want it.
class StoreCore::SharedRead final : public Job {
 public:
  SharedRead(std::shared_ptr<StoreCore> core, ReadPtr read, Availability::Ticket ticket)
      : core_(std::move(core)), read_(std::move(read)), ticket_(std::move(ticket)) {}

  [[nodiscard]] base::SteadyTime deadline() const noexcept override { return read_->deadline(); }
  [[nodiscard]] bool cancelled() const noexcept override { return read_->cancelled(); }

  void run() noexcept override {
    const auto call = core_->cache.begin(read_);
    if (!call) return;
    auto result = readKey(core_->store, read_->name(), *call);
    ticket_ = {};
    if (result) return core_->cache.settle(read_, std::move(*result));
    const auto error = readError(read_->name(), result.error());
    if (result.error().error == StoreError::timeout) return settleLate(error);
    core_->cache.settle(read_, std::unexpected(error));
  }

  void drop(Dropped why) noexcept override {
    ticket_ = {};
    if (why == Dropped::tooLate) return settleLate(droppedError(why));
    core_->cache.settle(read_, std::unexpected(droppedError(why)));
  }

  void abandon() noexcept override { core_->cache.abandon(read_, abandonedError()); }

 private:
  // Those who joined late may have more time than the read had.
  void settleLate(const base::Error& error) {
    for (auto& waiter : core_->cache.settleLate(read_, error)) {
      core_->fetch(read_->name(), std::move(waiter), KeyCache::Freshness::cached);
    }
  }

  const std::shared_ptr<StoreCore> core_;
  const ReadPtr read_;
  Availability::Ticket ticket_;
};

StoreCore::StoreCore(std::unique_ptr<BlobStore> blobs, const CacheSettings& settings,
                     const WorkerPool::Limits& limits, Clock clock)
    : now(std::move(clock)),
      store(std::move(blobs), availability),
      cache(settings, availability, now),
      limits_(limitsFor(store, limits)),
      nextProbe_(now() + kProbeInterval),
      pool(limits_, now) {}

StoreFailure StoreCore::offlineFailure() const {
  const StoreFailure cause = availability.cause();
  std::string text = "the store is offline: ";
  text += storeErrorName(cause.error);
  if (!cause.text.empty()) text += ": " + cause.text;
  return {StoreError::unavailable, std::move(text), cause.retryAfter};
}

base::Error StoreCore::refusedError() const {
  return closing_.load() ? shutDownError() : notSentError("too many calls wait for the key store");
}

void StoreCore::fetch(std::string_view name, Waiter waiter, KeyCache::Freshness freshness) {
  if (closing_.load()) return waiter.done(std::unexpected(shutDownError()));
  if (const auto read = cache.fetch(name, std::move(waiter), freshness)) send(read);
}

void StoreCore::send(const ReadPtr& read) {
  auto ticket = availability.admit(now(), read->deadline());
  if (!ticket) return cache.settle(read, std::unexpected(readError(read->name(), offlineFailure())));
  const auto job = std::make_shared<SharedRead>(shared_from_this(), read, std::move(*ticket));
  if (!pool.post(job)) cache.settle(read, std::unexpected(refusedError()));
}

void StoreCore::verify(const ReadPtr& read) {
  const auto job = std::make_shared<SharedRead>(shared_from_this(), read, Availability::Ticket());
  if (!pool.postBackground(job)) cache.settle(read, std::unexpected(refusedError()));
}

template <typename T>
void StoreCore::call(const Call& call, std::move_only_function<base::Result<T>()> work, Done<T> done,
                     base::Error (*refusal)(std::string_view name, const StoreFailure& failure),
                     std::string_view name) {
  if (closing_.load()) return done(std::unexpected(shutDownError()));
  auto ticket = availability.admit(now(), call.deadline);
  if (!ticket) return done(std::unexpected(refusal(name, offlineFailure())));
  const auto job = std::make_shared<SingleCall<T>>(shared_from_this(), call, std::move(*ticket),
                                                   std::move(work), std::move(done));
  if (!pool.post(job)) job->answer(std::unexpected(refusedError()));
}

template void StoreCore::call(const Call&, std::move_only_function<base::Result<void>()>, Done<void>,
                              base::Error (*)(std::string_view, const StoreFailure&), std::string_view);
template void StoreCore::call(const Call&, std::move_only_function<base::Result<Listing>()>, Done<Listing>,
                              base::Error (*)(std::string_view, const StoreFailure&), std::string_view);
template void StoreCore::call(const Call&, std::move_only_function<base::Result<std::chrono::nanoseconds>()>,
                              Done<std::chrono::nanoseconds>,
                              base::Error (*)(std::string_view, const StoreFailure&), std::string_view);

void StoreCore::keepHouse() {
  // A call that does not return is a call that timed out.
  for (auto stuck = pool.reap(); stuck > 0; --stuck) {
    availability.failed({StoreError::timeout, "a call to the store does not return"});
  }
  for (const auto& read : cache.sweep(pool.backgroundRoom())) verify(read);
  probe(now());
}

// A probe that does not return is as bad as one that fails, and with every thread stuck none need be sent.
void StoreCore::probe(base::SteadyTime time) {
  const std::lock_guard lock(probeMutex_);
  if (probing_.load()) {
    if (time < probeDeadline_ || std::exchange(probeOverdue_, true)) return;
    return availability.probeFailed({StoreError::timeout, "the probe of the store does not return"});
  }
  if (time < nextProbe_) return;
  nextProbe_ = time + kProbeInterval;
  if (pool.counts().stuck >= limits_.threads) {
    return availability.probeFailed({StoreError::timeout, "every call to the store is stuck"});
  }
  probing_ = true;
  probeOverdue_ = false;
  probeDeadline_ = time + kProbeTimeout;
  const auto work = [this, call = Call{probeDeadline_, 0, nullptr}]() -> base::Result<void> {
    store.probe(call);
    return {};
  };
  const auto job = std::make_shared<SingleCall<void>>(
      shared_from_this(), Call{probeDeadline_, 0, nullptr}, Availability::Ticket(), work,
      [this](const base::Result<void>&) { probing_ = false; });
  if (!pool.post(job)) probing_ = false;
}

std::size_t StoreCore::close(base::SteadyTime deadline) {
  closing_ = true;
  const auto inside = pool.close(deadline);
  cache.close();
  if (inside == 0) store.close();
  return inside;
}

}  // namespace kes::keystore
