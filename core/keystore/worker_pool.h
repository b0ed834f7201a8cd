#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"

namespace kes::keystore {

using Clock = std::function<base::SteadyTime()>;

// One piece of work that may block. Of run() and drop() exactly one is called, and that once.
class Job {
 public:
  // Why a job is dropped instead of run.
  enum class Dropped : std::uint8_t { tooLate, cancelled, shutDown };

  virtual ~Job() = default;

  // When it no longer makes sense to begin, and after which it counts as stuck. Both are asked under the
  // pool's lock and must only look.
  [[nodiscard]] virtual base::SteadyTime deadline() const noexcept = 0;
  [[nodiscard]] virtual bool cancelled() const noexcept = 0;

  virtual void run() noexcept = 0;
  virtual void drop(Dropped why) noexcept = 0;
  // The pool is closed while run() is still inside: whoever waits must be answered now. Concurrent with
  // run(), and perhaps more than once.
  virtual void abandon() noexcept = 0;
};

// Threads for blocking calls: few, started when there is work for them, gone when there has been none for a
// while, and deaf to signals. Both the threads and the queue are bounded. Thread-safe.
class WorkerPool {
 public:
  struct Limits {
    std::size_t threads = 16;
    std::size_t queue = 1024;
    std::chrono::nanoseconds idle = std::chrono::seconds(10);  // how long a thread without work stays
  };

  struct Counts {
    std::size_t queued = 0;
    std::size_t running = 0;
    std::size_t stuck = 0;  // running past their deadline
    std::size_t threads = 0;
    std::uint64_t waited = 0;   // jobs that found all threads taken
    std::uint64_t refused = 0;  // jobs that found the queue full; not those of the background
  };

  WorkerPool(const Limits& limits, Clock now);
  // Drops what is queued; threads that are still inside a job are left to end by themselves.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full, no thread can be had, or the pool is closed; the job is untouched then.
  [[nodiscard]] bool post(std::shared_ptr<Job> job);
  // The same for work nobody waits for: it has a queue of its own, which is served when the other is empty.
  [[nodiscard]] bool postBackground(std::shared_ptr<Job> job);

  // Drops the queued jobs that are too late or cancelled, lets go of ended threads, and returns how many jobs
  // have become stuck since the last call.
  std::size_t reap();

  [[nodiscard]] Counts counts() const;
  // How much more postBackground() would take.
  [[nodiscard]] std::size_t backgroundRoom() const;

  // Takes no more jobs, waits until `deadline` for those it has, drops what is then still queued and abandons
  // what is still running. Returns the number of the latter; their threads end with their jobs. May be called
  // from within a job, which then counts as still running.
  std::size_t close(base::SteadyTime deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the threads, which may outlive the pool
};

}  // namespace kes::keystore
