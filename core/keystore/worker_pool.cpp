#include "keystore/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/blocked_signals.h"

namespace kes::keystore {
namespace {

using JobPtr = std::shared_ptr<Job>;

struct DroppedJob {
  JobPtr job;
  Job::Dropped why;
};

void dropAll(std::vector<DroppedJob>& dropped) noexcept {
  for (auto& [job, why] : dropped) job->drop(why);
}

void joinAll(std::vector<std::thread>& threads) {
  for (auto& thread : threads) thread.join();
}

}  // namespace

struct WorkerPool::State {
  struct Running {
    JobPtr job;  // null once it is done and about to be let go of
    bool seenStuck = false;

    [[nodiscard]] bool overdue(base::SteadyTime time) const noexcept {
      return job != nullptr && job->deadline() <= time;
    }
  };

  State(const Limits& l, Clock c) : limits(l), now(std::move(c)) {}

  const Limits limits;
  const Clock now;

  mutable std::mutex mutex;
  std::condition_variable work;     // a job was queued, or the pool stopped
  std::condition_variable changed;  // a job or a thread ended
  std::deque<JobPtr> queue;
  std::deque<JobPtr> background;
  std::list<Running> running;
  std::list<std::thread> threads;
  std::vector<std::thread> ended;
  std::size_t idle = 0;
  std::uint64_t waited = 0;
  std::uint64_t refused = 0;
  bool closing = false;  // takes no more jobs
  bool stopped = false;  // threads end once they have nothing to do

  [[nodiscard]] std::size_t backgroundLimit() const { return std::max<std::size_t>(1, limits.queue / 4); }

  [[nodiscard]] bool hireLocked(const std::shared_ptr<State>& self) {
    if (queue.size() + background.size() <= idle) return true;
    if (threads.size() >= limits.threads) {
      ++waited;
      return true;
    }
    try {
      const base::AllSignalsBlocked guard;
      threads.emplace_back([self] { self->serve(); });
      pthread_setname_np(threads.back().native_handle(), "kes-store");
    } catch (const std::system_error&) {
      return !threads.empty();  // the ones there are will get to it
    }
    return true;
  }

  [[nodiscard]] bool enqueue(std::deque<JobPtr>& into, std::size_t limit, JobPtr job,
                             const std::shared_ptr<State>& self) {
    const std::lock_guard lock(mutex);
    if (closing) return false;
    if (into.size() >= limit) {
      if (&into == &queue) ++refused;
      return false;
    }
    into.push_back(std::move(job));
    if (!hireLocked(self)) {
      into.pop_back();
      return false;
    }
    work.notify_one();
    return true;
  }

  [[nodiscard]] JobPtr nextLocked() {
    for (auto* from : {&queue, &background}) {
      if (from->empty()) continue;
      JobPtr job = std::move(from->front());
      from->pop_front();
      return job;
    }
    return nullptr;
  }

  // What a thread does.
  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      if (JobPtr job = nextLocked()) {
        const auto here = running.insert(running.end(), Running{std::move(job)});
        lock.unlock();
        runOrDrop(*here->job);
        lock.lock();
        job = std::move(here->job);
        lock.unlock();
        job.reset();  // may end whatever the job kept alive, even this pool: nothing may be locked then
        lock.lock();
        running.erase(here);
        changed.notify_all();
        continue;
      }
      if (stopped) break;
      ++idle;
      const bool called =
          work.wait_for(lock, limits.idle, [&] { return stopped || !queue.empty() || !background.empty(); });
      --idle;
      if (!called) break;
    }
    endLocked();
  }

  void runOrDrop(Job& job) const {
    if (job.cancelled()) return job.drop(Job::Dropped::cancelled);
    if (job.deadline() <= now()) return job.drop(Job::Dropped::tooLate);
    job.run();
  }

  // A thread cannot join itself: it leaves its handle to whoever comes by next.
  void endLocked() {
    const auto self = std::find_if(threads.begin(), threads.end(), [](const std::thread& t) {
      return t.get_id() == std::this_thread::get_id();
    });
    if (self != threads.end()) {
      ended.push_back(std::move(*self));
      threads.erase(self);
    }
    changed.notify_all();
  }

  void takeOverdueLocked(std::deque<JobPtr>& from, base::SteadyTime time, std::vector<DroppedJob>& into) {
    for (auto& job : from) {
      const bool cancelled = job->cancelled();
      if (!cancelled && job->deadline() > time) continue;
      into.push_back({std::move(job), cancelled ? Job::Dropped::cancelled : Job::Dropped::tooLate});
    }
    std::erase(from, nullptr);
  }

  void takeAllLocked(std::deque<JobPtr>& from, std::vector<DroppedJob>& into) {
    for (auto& job : from) into.push_back({std::move(job), Job::Dropped::shutDown});
    from.clear();
  }
};

WorkerPool::WorkerPool(const Limits& limits, Clock now)
    : state_(std::make_shared<State>(limits, std::move(now))) {}

WorkerPool::~WorkerPool() {
  close(base::SteadyClock::now());
}

bool WorkerPool::post(std::shared_ptr<Job> job) {
  return state_->enqueue(state_->queue, state_->limits.queue, std::move(job), state_);
}

bool WorkerPool::postBackground(std::shared_ptr<Job> job) {
  return state_->enqueue(state_->background, state_->backgroundLimit(), std::move(job), state_);
}

std::size_t WorkerPool::reap() {
  const auto time = state_->now();
  std::vector<DroppedJob> dropped;
  std::vector<std::thread> ended;
  std::size_t newlyStuck = 0;
  {
    const std::lock_guard lock(state_->mutex);
    state_->takeOverdueLocked(state_->queue, time, dropped);
    state_->takeOverdueLocked(state_->background, time, dropped);
    for (auto& running : state_->running) {
      if (running.seenStuck || !running.overdue(time)) continue;
      running.seenStuck = true;
      ++newlyStuck;
    }
    ended.swap(state_->ended);
  }
  joinAll(ended);
  dropAll(dropped);
  return newlyStuck;
}

WorkerPool::Counts WorkerPool::counts() const {
  const auto time = state_->now();
  const std::lock_guard lock(state_->mutex);
  const auto stuck = std::count_if(state_->running.begin(), state_->running.end(),
                                   [&](const auto& r) { return r.overdue(time); });
  return {state_->queue.size() + state_->background.size(),
          state_->running.size(),
          static_cast<std::size_t>(stuck),
          state_->threads.size(),
          state_->waited,
          state_->refused};
}

std::size_t WorkerPool::backgroundRoom() const {
  const std::lock_guard lock(state_->mutex);
  const auto limit = state_->backgroundLimit();
  return limit - std::min(limit, state_->background.size());
}

std::size_t WorkerPool::close(base::SteadyTime deadline) {
  State& state = *state_;
  std::vector<DroppedJob> dropped;
  std::vector<JobPtr> stuck;
  std::vector<std::thread> ended;
  {
    std::unique_lock lock(state.mutex);
    state.closing = true;
    state.takeAllLocked(state.background, dropped);
    state.changed.wait_until(lock, deadline, [&] { return state.queue.empty() && state.running.empty(); });
    state.takeAllLocked(state.queue, dropped);
    state.stopped = true;
    state.work.notify_all();
    for (const auto& running : state.running) stuck.push_back(running.job);  // null: see Running
    // The rest have nothing to do and only need to wake up.
    state.changed.wait(lock, [&] { return state.threads.size() <= state.running.size(); });
    for (auto& thread : state.threads) thread.detach();
    state.threads.clear();
    ended.swap(state.ended);
  }
  dropAll(dropped);
  for (const auto& job : stuck) {
    if (job != nullptr) job->abandon();
  }
  joinAll(ended);
  return stuck.size();
}

}  // namespace kes::keystore
