#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "api/route.h"
#include "base/counter.h"
#include "base/latency_histogram.h"

namespace kes::api {

// Why a request never got to its route.
enum class Refusal : std::uint8_t {
  path,  // leads nowhere, or is malformed
  method,
  noCertificate,
  tooManyCertificates,
  unknownIdentity,
  denied,      // by a pattern
  notAllowed,  // by any pattern
  rate,        // limits.requests_per_identity
};
inline constexpr std::size_t kRefusals = 8;

// The requests that one route has answered, by status. Statuses that no route ever answers with fall
// together.
class AnswerCounters {
 public:
  struct Numbers {
    static constexpr std::size_t kClasses = 3;
    static constexpr std::size_t kCodes = 32;
    std::array<std::uint64_t, kClasses * kCodes> counts{};

    [[nodiscard]] static constexpr std::size_t indexOf(int status) noexcept {
      const int first = status >= 500 ? 500 : status >= 400 ? 400 : 200;
      const std::size_t group = status >= 500 ? 2 : status >= 400 ? 1 : 0;
      return group * kCodes + static_cast<std::size_t>(std::clamp(status - first, 0, 31));
    }
    [[nodiscard]] static constexpr int statusOf(std::size_t index) noexcept {
      constexpr std::array kFirst = {200, 400, 500};
      return kFirst[index / kCodes] + static_cast<int>(index % kCodes);
    }
  };

  void add(int status) noexcept { counters_[Numbers::indexOf(status)].add(); }
  void addTo(Numbers& sum) const noexcept {
    for (std::size_t i = 0; i < counters_.size(); ++i) sum.counts[i] += counters_[i].get();
  }

 private:
  std::array<base::Counter, Numbers::kClasses * Numbers::kCodes> counters_;
};

struct RouteCounters {
  base::Counter admitted;   // requests that got past the policy
  base::Counter abandoned;  // of those: the client had gone before there was an answer
  base::LatencyHistogram duration;
  AnswerCounters answers;
};

struct RouteNumbers {
  std::uint64_t admitted = 0;
  std::uint64_t abandoned = 0;
  base::LatencyHistogram::Snapshot duration;
  AnswerCounters::Numbers answers;

  [[nodiscard]] std::uint64_t active() const noexcept {
    const std::uint64_t over = duration.total() + abandoned;
    return admitted - std::min(over, admitted);
  }
};

// What the handler of one event loop counts, on cache lines of its own.
struct alignas(64) HandlerCounters {
  base::Counter bodySize;  // bodies larger than their route takes
  base::Counter jsonDepth;
  base::Counter requestsPerIdentity;
  base::Counter missesPerIdentity;
  base::Counter logStreams;      // refused
  base::Counter logStreamQueue;  // log streams ended for being read too slowly
  std::array<base::Counter, kRefusals> refused;
  std::array<RouteCounters, kOperations> routes;

  void refuse(Refusal why) noexcept { refused[static_cast<std::size_t>(why)].add(); }
};

// Those of all loops. They outlive their handlers, so that nothing is ever counted backwards. Thread-safe.
class AllHandlerCounters {
 public:
  [[nodiscard]] std::shared_ptr<HandlerCounters> add() {
    const std::lock_guard lock(mutex_);
    return loops_.emplace_back(std::make_shared<HandlerCounters>());
  }

  [[nodiscard]] std::uint64_t sum(base::Counter HandlerCounters::* counter) const {
    return sumOf([&](const HandlerCounters& loop) { return (loop.*counter).get(); });
  }
  [[nodiscard]] std::uint64_t times(Refusal why) const {
    return sumOf(
        [&](const HandlerCounters& loop) { return loop.refused[static_cast<std::size_t>(why)].get(); });
  }
  [[nodiscard]] std::array<RouteNumbers, kOperations> routes() const {
    std::array<RouteNumbers, kOperations> sums;
    const std::lock_guard lock(mutex_);
    for (const auto& loop : loops_) {
      for (std::size_t i = 0; i < kOperations; ++i) {
        // A request is admitted before it ends: read the other way round, none would seem active that is not.
        sums[i].abandoned += loop->routes[i].abandoned.get();
        sums[i].duration += loop->routes[i].duration.snapshot();
        loop->routes[i].answers.addTo(sums[i].answers);
        sums[i].admitted += loop->routes[i].admitted.get();
      }
    }
    return sums;
  }

 private:
  template <typename F>
  std::uint64_t sumOf(F&& get) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& loop : loops_) sum += get(*loop);
    return sum;
  }

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<HandlerCounters>> loops_;
};

}  // namespace kes::api
