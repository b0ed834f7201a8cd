#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "crypto/stored_key.h"
#include "keystore/blob_store.h"
#include "keystore/cached_store.h"

namespace kes::keystore {

// No test waits longer than this for something that is to happen.
inline constexpr std::chrono::seconds kPatience{20};

template <typename Predicate>
[[nodiscard]] bool eventually(Predicate predicate) {
  const auto end = base::SteadyClock::now() + kPatience;
  while (!predicate()) {
    if (base::SteadyClock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// Time that passes only when a test says so.
class TestClock {
 public:
  [[nodiscard]] base::SteadyTime now() const { return now_.load(); }
  void advance(std::chrono::nanoseconds by) { now_ = now_.load() + by; }
  [[nodiscard]] Clock clock() {
    return [this] { return now(); };
  }

 private:
  std::atomic<base::SteadyTime> now_{base::SteadyClock::now()};
};

// Holds whoever passes until the test opens it, and lets go of everyone when it ends.
class Gate {
 public:
  Gate() = default;
  ~Gate() { open(); }
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void pass() {
    const auto state = state_;  // outlives the gate
    std::unique_lock lock(state->mutex);
    ++state->arrived;
    state->changed.notify_all();
    state->changed.wait(lock, [&] { return state->open; });
  }
  [[nodiscard]] bool awaitArrivals(std::size_t count) {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, kPatience, [&] { return state_->arrived >= count; });
  }
  void open() {
    const std::lock_guard lock(state_->mutex);
    state_->open = true;
    state_->changed.notify_all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t arrived = 0;
    bool open = false;
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

// What a Done<T> was told, and how often.
template <typename T>
class Answer {
 public:
  [[nodiscard]] Done<T> done() {
    return [state = state_](base::Result<T> result) {
      const std::lock_guard lock(state->mutex);
      ++state->times;
      if (!state->result) state->result.emplace(std::move(result));
      state->changed.notify_all();
    };
  }
  [[nodiscard]] bool arrived() const { return times() > 0; }
  [[nodiscard]] int times() const {
    const std::lock_guard lock(state_->mutex);
    return state_->times;
  }
  // Waits for it.
  [[nodiscard]] base::Result<T> get() const {
    std::unique_lock lock(state_->mutex);
    if (!state_->changed.wait_for(lock, kPatience, [&] { return state_->result.has_value(); })) {
      ADD_FAILURE() << "no answer";
      return std::unexpected(base::Error(base::ErrorCode::internal));
    }
    return *state_->result;
  }
  // The code of the error, or nothing for a success.
  [[nodiscard]] std::optional<base::ErrorCode> error() const {
    const auto result = get();
    return result ? std::nullopt : std::optional(result.error().code());
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<base::Result<T>> result;
    int times = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

enum class Operation : std::uint8_t { create, get, remove, list, status };

// A back end in memory that does as a test says. Tests share it with the BlobStore that a key store owns.
class Backend {
 public:
  bool serial = false;
  bool atomicCreate = true;
  // Asked before a call has its effect, and after; a failure is what the call then returns. Set before the
  // first call; they may block.
  using Hook = std::function<std::optional<StoreFailure>(Operation, const std::string& name, const Call&)>;
  Hook before;
  Hook after;

  void put(const std::string& name, std::string blob) {
    const std::lock_guard lock(mutex_);
    blobs_[name] = std::move(blob);
  }
  void erase(const std::string& name) {
    const std::lock_guard lock(mutex_);
    blobs_.erase(name);
  }
  [[nodiscard]] std::optional<std::string> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = blobs_.find(name);
    return it == blobs_.end() ? std::nullopt : std::optional(it->second);
  }
  [[nodiscard]] bool putIfAbsent(const std::string& name, std::string blob) {
    const std::lock_guard lock(mutex_);
    return blobs_.emplace(name, std::move(blob)).second;
  }
  [[nodiscard]] std::map<std::string, std::string> all() const {
    const std::lock_guard lock(mutex_);
    return blobs_;
  }

  [[nodiscard]] int calls(Operation operation) const { return calls_[static_cast<std::size_t>(operation)]; }
  [[nodiscard]] int inside() const { return inside_; }
  [[nodiscard]] int mostInside() const { return mostInside_; }
  [[nodiscard]] int closed() const { return closed_; }

 private:
  friend class ScriptedStore;

  mutable std::mutex mutex_;
  std::map<std::string, std::string> blobs_;
  std::array<std::atomic<int>, 5> calls_{};
  std::atomic<int> inside_{0};
  std::atomic<int> mostInside_{0};
  std::atomic<int> closed_{0};
};

class ScriptedStore final : public BlobStore {
  struct Leaving {
    ~Leaving() { --backend.inside_; }
    Backend& backend;
  };

 public:
  explicit ScriptedStore(std::shared_ptr<Backend> backend) : backend_(std::move(backend)) {}

  [[nodiscard]] bool serial() const noexcept override { return backend_->serial; }
  [[nodiscard]] bool atomicCreate() const noexcept override { return backend_->atomicCreate; }
  [[nodiscard]] std::string description() const override { return "Scripted: here"; }

  StoreResult<void> create(std::string_view name, base::ByteView blob, const Call& call) override {
    return during<void>(Operation::create, name, call, [&]() -> StoreResult<void> {
      if (backend_->putIfAbsent(std::string(name), std::string(base::textOf(blob)))) return {};
      return std::unexpected(StoreFailure{StoreError::exists, {}});
    });
  }
  StoreResult<base::Secret> get(std::string_view name, const Call& call) override {
    return during<base::Secret>(Operation::get, name, call, [&]() -> StoreResult<base::Secret> {
      const auto blob = backend_->find(std::string(name));
      if (!blob) return std::unexpected(StoreFailure{StoreError::notFound, {}});
      return base::Secret::copyOf(base::bytesOf(*blob));
    });
  }
  StoreResult<void> remove(std::string_view name, const Call& call) override {
    return during<void>(Operation::remove, name, call, [&]() -> StoreResult<void> {
      const std::lock_guard lock(backend_->mutex_);
      if (backend_->blobs_.erase(std::string(name)) > 0) return {};
      return std::unexpected(StoreFailure{StoreError::notFound, {}});
    });
  }
  StoreResult<void> list(std::string_view prefix, const Call& call,
                         const std::function<bool(std::string_view)>& emit) override {
    return during<void>(Operation::list, prefix, call, [&]() -> StoreResult<void> {
      for (const auto& [name, blob] : backend_->all()) {
        if (name.starts_with(prefix) && !emit(name)) break;
      }
      return {};
    });
  }
  StoreResult<std::chrono::nanoseconds> status(const Call& call) override {
    return during<std::chrono::nanoseconds>(
        Operation::status, "", call,
        []() -> StoreResult<std::chrono::nanoseconds> { return std::chrono::milliseconds(3); });
  }
  void close() override {
    EXPECT_EQ(backend_->inside_, 0) << "close must not run while a call is inside";
    ++backend_->closed_;
  }

 private:
  template <typename T, typename Effect>
  StoreResult<T> during(Operation operation, std::string_view name, const Call& call, Effect effect) {
    EXPECT_EQ(backend_->closed_, 0) << "nothing may be called after close";
    ++backend_->calls_[static_cast<std::size_t>(operation)];
    const int inside = ++backend_->inside_;
    for (int most = backend_->mostInside_; inside > most;) {
      if (backend_->mostInside_.compare_exchange_weak(most, inside)) break;
    }
    const Leaving leaving{*backend_};
    return scripted<T>(operation, std::string(name), call, effect);
  }

  template <typename T, typename Effect>
  StoreResult<T> scripted(Operation operation, const std::string& name, const Call& call, Effect effect) {
    if (backend_->before) {
      if (auto failure = backend_->before(operation, name, call)) return std::unexpected(std::move(*failure));
    }
    auto result = effect();
    if (backend_->after) {
      if (auto failure = backend_->after(operation, name, call)) return std::unexpected(std::move(*failure));
    }
    return result;
  }

  std::shared_ptr<Backend> backend_;
};

// The blob of a key; `owner` tells one from another.
inline std::string blobOf(const std::string& owner) {
  const auto blob = crypto::encodeStoredKey(crypto::generateKey(owner));
  return std::string(base::textOf(blob.value().reveal()));
}

// A key store over a Backend, with a clock that stands still and without a housekeeper of its own.
class CachedStoreTest : public testing::Test {
 protected:
  CachedStoreTest() {
    settings.now = clock.clock();
    settings.housekeeper = false;
    backend->before = [this](Operation operation, const std::string&, const Call&) {
      return script(operation);
    };
  }
  ~CachedStoreTest() override {
    gate.open();
    if (opened_ != nullptr) opened_->close(base::SteadyClock::now() + kPatience);
  }

  // Opened at first use, so that a test can say how.
  CachedStore& store() { return *shared(); }
  std::shared_ptr<CachedStore> shared() {
    if (opened_ == nullptr) {
      opened_ = std::make_shared<CachedStore>(std::make_unique<ScriptedStore>(backend), settings);
    }
    return opened_;
  }
  void letGo() { opened_.reset(); }

  [[nodiscard]] Call call(std::chrono::nanoseconds time = std::chrono::seconds(15)) const {
    return {clock.now() + time, 7, nullptr};
  }

  Answer<KeyPtr> fetch(std::string_view name, std::optional<Call> with = {}) {
    Answer<KeyPtr> answer;
    store().fetch(name, with.value_or(call()), answer.done());
    return answer;
  }
  Answer<KeyPtr> reread(std::string_view name, std::optional<Call> with = {}) {
    Answer<KeyPtr> answer;
    store().reread(name, with.value_or(call()), answer.done());
    return answer;
  }
  Answer<void> create(std::string_view name, const std::string& owner, std::optional<Call> with = {}) {
    Answer<void> answer;
    store().create(name, crypto::generateKey(owner), with.value_or(call()), answer.done());
    return answer;
  }
  Answer<void> remove(std::string_view name, std::optional<Call> with = {}) {
    Answer<void> answer;
    store().remove(name, with.value_or(call()), answer.done());
    return answer;
  }
  Answer<Listing> list(std::string_view prefix, std::string_view startAt = {},
                       std::size_t maxBytes = 1 << 20) {
    Answer<Listing> answer;
    store().list(prefix, startAt, maxBytes, call(), answer.done());
    return answer;
  }
  Answer<std::chrono::nanoseconds> status() {
    Answer<std::chrono::nanoseconds> answer;
    store().status(call(), answer.done());
    return answer;
  }

  // Who owns the key that a fetch of `name` answers; empty for an error.
  std::string ownerOf(std::string_view name) { return ownerOf(fetch(name)); }
  static std::string ownerOf(const Answer<KeyPtr>& answer) {
    const auto key = answer.get();
    return key ? (*key)->createdBy() : std::string();
  }
  [[nodiscard]] int gets() const { return backend->calls(Operation::get); }
  // Whether nothing is queued or running any more.
  [[nodiscard]] bool settled() {
    return eventually([&] { return store().counters().queued + store().counters().running == 0; });
  }

  // From now on, calls of the kind fail like this; without an error they work again.
  void fail(Operation operation, std::optional<StoreError> error) {
    const std::lock_guard lock(scriptMutex_);
    failures_.erase(operation);
    if (error) failures_.emplace(operation, *error);
  }
  // From now on, calls of the kind wait at `at`, before their effect.
  void hold(Operation operation, Gate& at) {
    const std::lock_guard lock(scriptMutex_);
    gates_[operation] = &at;
  }
  void hold(Operation operation) { hold(operation, gate); }
  // From now on, calls of the kind wait no more; those that do already are not concerned.
  void pass(Operation operation) {
    const std::lock_guard lock(scriptMutex_);
    gates_.erase(operation);
  }

  TestClock clock;
  Gate gate;
  std::shared_ptr<Backend> backend = std::make_shared<Backend>();
  CachedStore::Settings settings;

 private:
  std::optional<StoreFailure> script(Operation operation) {
    Gate* held = nullptr;
    {
      const std::lock_guard lock(scriptMutex_);
      if (const auto it = gates_.find(operation); it != gates_.end()) held = it->second;
    }
    if (held != nullptr) held->pass();
    const std::lock_guard lock(scriptMutex_);
    const auto it = failures_.find(operation);
    if (it == failures_.end()) return std::nullopt;
    return StoreFailure{it->second, "as scripted"};
  }

  std::mutex scriptMutex_;
  std::map<Operation, StoreError> failures_;
  std::map<Operation, Gate*> gates_;
  std::shared_ptr<CachedStore> opened_;
};

}  // namespace kes::keystore
