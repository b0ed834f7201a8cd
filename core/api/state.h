#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api/counters.h"
#include "api/request_rate.h"
#include "api/route.h"
#include "api/tls_proxies.h"
#include "base/json_reader.h"
#include "base/quota.h"
#include "base/time.h"
#include "http/server.h"
#include "keystore/keystore.h"
#include "observe/log.h"
#include "policy/carry_over.h"
#include "policy/policy_set.h"

namespace kes::api {

struct RouteSettings {
  std::chrono::nanoseconds timeout{0};
  bool skipAuth = false;
};

// Everything that a reload replaces. Immutable once published.
struct State {
  std::shared_ptr<const policy::PolicySet> policies;
  std::shared_ptr<keystore::KeyStore> store;
  std::array<RouteSettings, kOperations> routes;
  std::shared_ptr<const TlsProxies> proxies;  // null where there are none
  RequestRate requestRate;                    // of each identity
  std::size_t missesPerIdentity = 0;  // most requests of one identity waiting for the store; 0 = no limit
  std::uint32_t jsonDepth = base::JsonReader::kMaxDepth;

  [[nodiscard]] const RouteSettings& settingsOf(const Route& route) const noexcept {
    return routes[static_cast<std::size_t>(route.operation)];
  }
};

// What a reload put away.
struct Replaced {
  std::shared_ptr<const State> state;
  std::vector<std::string> lost;  // changes made at run time that had to give way, in words for the log
};

// The current state. Event loops hold a pointer of their own and look at the generation once per request, so
// that the hot path shares nothing that another thread writes.
class StateCell {
 public:
  void publish(std::shared_ptr<const State> state) {
    const std::lock_guard lock(mutex_);
    state_ = std::move(state);
    generation_.fetch_add(1, std::memory_order_release);
  }

  // Puts `next` in place, with the policies that were changed at run time over those it brings.
  [[nodiscard]] Replaced replace(State next) {
    const std::lock_guard one(changes_);
    Replaced replaced{.state = get(), .lost = {}};
    auto carried = policy::carryOver(*replaced.state->policies, *next.policies);
    next.policies = std::move(carried.set);
    replaced.lost = std::move(carried.lost);
    publish(std::make_shared<const State>(std::move(next)));
    return replaced;
  }

  // Puts the policies in place that `change` makes of the present ones. When it returns, no event loop
  // decides by the old ones any more. `change` is a function of a PolicySet that gives a base::Result of
  // another.
  template <typename Change>
  [[nodiscard]] base::Result<void> changePolicies(Change&& change) {
    const std::lock_guard one(changes_);
    const auto present = get();
    base::Result<std::shared_ptr<const policy::PolicySet>> changed = change(*present->policies);
    if (!changed) return std::unexpected(changed.error());
    auto next = std::make_shared<State>(*present);
    next->policies = std::move(*changed);
    publish(std::move(next));
    return {};
  }

  // Puts in place what `amend` makes of a copy of the present state.
  template <typename Amend>
  void amend(Amend&& amend) {
    const std::lock_guard one(changes_);
    auto next = std::make_shared<State>(*get());
    amend(*next);
    publish(std::move(next));
  }

  [[nodiscard]] std::uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }

  [[nodiscard]] std::shared_ptr<const State> get() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

 private:
  std::mutex changes_;  // one change at a time, each made of what the last one left
  mutable std::mutex mutex_;
  std::shared_ptr<const State> state_;
  std::atomic<std::uint64_t> generation_{0};
};

// What the handlers of all event loops share. Outlives them.
struct Context {
  // Requests that wait for the store, by identity. First, since a store that dies with the state still has
  // them.
  base::Quota misses{};
  StateCell state{};
  RateBuckets rates{};
  AllHandlerCounters counters{};
  observe::Log& log;
  std::string version;
  std::string commit;
  base::SteadyTime startedAt = base::SteadyClock::now();
  base::Timestamp startedOn = base::Timestamp::now();
  std::atomic<const http::Server*> server = nullptr;  // null until it listens; for the metrics
};

}  // namespace kes::api
