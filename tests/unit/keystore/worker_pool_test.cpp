#include "keystore/worker_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

// A job that does as told and remembers what became of it.
class TestJob final : public Job {
 public:
  explicit TestJob(
      base::SteadyTime until, std::function<void()> work = [] {})
      : until_(until), work_(std::move(work)) {}

  [[nodiscard]] base::SteadyTime deadline() const noexcept override { return until_; }
  [[nodiscard]] bool cancelled() const noexcept override { return calledOff; }
  void run() noexcept override {
    work_();
    ran = true;
  }
  void drop(Dropped why) noexcept override { dropped = why; }
  void abandon() noexcept override { abandoned = true; }

  std::atomic<bool> calledOff{false};
  std::atomic<bool> ran{false};
  std::atomic<bool> abandoned{false};
  std::atomic<std::optional<Dropped>> dropped{};

 private:
  const base::SteadyTime until_;
  const std::function<void()> work_;
};

class WorkerPoolTest : public testing::Test {
 protected:
  std::shared_ptr<TestJob> job(std::function<void()> work = [] {}) {
    return std::make_shared<TestJob>(clock.now() + std::chrono::seconds(1), std::move(work));
  }
  std::shared_ptr<TestJob> gatedJob() {
    return job([this] { gate.pass(); });
  }

  TestClock clock;
  Gate gate;
};

TEST_F(WorkerPoolTest, startsThreadsOnDemandOnly) {
  WorkerPool pool({.threads = 4}, clock.clock());
  EXPECT_EQ(pool.counts().threads, 0U);
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(1));
  EXPECT_EQ(pool.counts().threads, 1U);
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(2));
  EXPECT_EQ(pool.counts().threads, 2U);
  gate.open();
}

TEST_F(WorkerPoolTest, letsIdleThreadsGoAndStartsNewOnesLater) {
  WorkerPool pool({.threads = 4, .idle = std::chrono::milliseconds(1)}, clock.clock());
  for (int round = 0; round < 3; ++round) {
    const auto once = job();
    ASSERT_TRUE(pool.post(once));
    EXPECT_TRUE(eventually([&] { return once->ran.load(); }));
    EXPECT_TRUE(eventually([&] { return pool.counts().threads == 0; }));
    EXPECT_EQ(pool.reap(), 0U);
  }
}

TEST_F(WorkerPoolTest, neverRunsMoreJobsAtOnceThanItMayHaveThreads) {
  WorkerPool pool({.threads = 2}, clock.clock());
  std::vector<std::shared_ptr<TestJob>> jobs;
  for (int i = 0; i < 5; ++i) {
    jobs.push_back(gatedJob());
    ASSERT_TRUE(pool.post(jobs.back()));
  }
  ASSERT_TRUE(gate.awaitArrivals(2));
  EXPECT_EQ(pool.counts().running, 2U);
  EXPECT_EQ(pool.counts().queued, 3U);
  EXPECT_EQ(pool.counts().waited, 3U);
  gate.open();
  EXPECT_TRUE(
      eventually([&] { return std::ranges::all_of(jobs, [](const auto& j) { return j->ran.load(); }); }));
}

TEST_F(WorkerPoolTest, refusesWhatDoesNotFitIntoTheQueue) {
  WorkerPool pool({.threads = 1, .queue = 2}, clock.clock());
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(1));
  EXPECT_TRUE(pool.post(job()));
  EXPECT_TRUE(pool.post(job()));
  const auto third = job();
  EXPECT_FALSE(pool.post(third));
  EXPECT_EQ(pool.counts().refused, 1U);
  gate.open();
  EXPECT_TRUE(eventually([&] { return pool.counts().running == 0; }));
  EXPECT_FALSE(third->ran);
  EXPECT_FALSE(third->dropped.load().has_value());
}

TEST_F(WorkerPoolTest, isDeafToSignals) {
  WorkerPool pool({}, clock.clock());
  std::atomic<bool> blocked{false};
  const auto look = job([&] {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1 &&
              sigismember(&mask, SIGUSR1) == 1;
  });
  ASSERT_TRUE(pool.post(look));
  EXPECT_TRUE(eventually([&] { return look->ran.load(); }));
  EXPECT_TRUE(blocked);
  sigset_t mine;
  pthread_sigmask(SIG_BLOCK, nullptr, &mine);
  EXPECT_EQ(sigismember(&mine, SIGTERM), 0) << "the thread that posts stays as it was";
}

TEST_F(WorkerPoolTest, doesNotRunWhatIsTooLateOrCancelledWhenItsTurnComes) {
  WorkerPool pool({.threads = 1}, clock.clock());
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(1));
  const auto cancelled = job();
  const auto late = job();
  ASSERT_TRUE(pool.post(cancelled));
  ASSERT_TRUE(pool.post(late));
  cancelled->calledOff = true;
  clock.advance(std::chrono::seconds(1));
  gate.open();
  EXPECT_TRUE(eventually([&] { return late->dropped.load().has_value(); }));
  EXPECT_EQ(cancelled->dropped.load(), Job::Dropped::cancelled);
  EXPECT_EQ(late->dropped.load(), Job::Dropped::tooLate);
  EXPECT_FALSE(cancelled->ran || late->ran);
}

TEST_F(WorkerPoolTest, doesNotKeepWhatIsTooLateWaitingForAStuckThread) {
  WorkerPool pool({.threads = 1}, clock.clock());
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(1));
  const auto late = job();
  ASSERT_TRUE(pool.post(late));
  clock.advance(std::chrono::seconds(1));
  pool.reap();
  EXPECT_EQ(late->dropped.load(), Job::Dropped::tooLate);
  EXPECT_EQ(pool.counts().queued, 0U);
}

TEST_F(WorkerPoolTest, countsJobsPastTheirDeadlineAsStuckAndReportsEachOnce) {
  WorkerPool pool({}, clock.clock());
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(1));
  EXPECT_EQ(pool.counts().stuck, 0U);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(pool.counts().stuck, 1U);
  EXPECT_EQ(pool.reap(), 1U);
  EXPECT_EQ(pool.reap(), 0U);
  gate.open();
  EXPECT_TRUE(eventually([&] { return pool.counts().stuck == 0; }));
}

TEST_F(WorkerPoolTest, servesBackgroundJobsAfterAllOthers) {
  WorkerPool pool({.threads = 1, .queue = 8}, clock.clock());
  ASSERT_TRUE(pool.post(gatedJob()));
  ASSERT_TRUE(gate.awaitArrivals(1));
  std::atomic<int> turn{0};
  std::atomic<int> backgroundTurn{0};
  EXPECT_EQ(pool.backgroundRoom(), 2U);
  ASSERT_TRUE(pool.postBackground(job([&] { backgroundTurn = ++turn; })));
  EXPECT_EQ(pool.backgroundRoom(), 1U);
  ASSERT_TRUE(pool.post(job([&] { ++turn; })));
  ASSERT_TRUE(pool.post(job([&] { ++turn; })));
  gate.open();
  EXPECT_TRUE(eventually([&] { return turn == 3; }));
  EXPECT_EQ(backgroundTurn, 3);
}

TEST_F(WorkerPoolTest, finishesWhatItHasBeforeItCloses) {
  WorkerPool pool({.threads = 1}, clock.clock());
  std::vector<std::shared_ptr<TestJob>> jobs;
  for (int i = 0; i < 20; ++i) {
    jobs.push_back(job());
    ASSERT_TRUE(pool.post(jobs.back()));
  }
  EXPECT_EQ(pool.close(base::SteadyClock::now() + kPatience), 0U);
  for (const auto& done : jobs) EXPECT_TRUE(done->ran);
  EXPECT_FALSE(pool.post(job()));
  EXPECT_EQ(pool.counts().threads, 0U);
}

TEST_F(WorkerPoolTest, dropsTheQueueAndAbandonsStuckJobsWhenItCannotWaitLonger) {
  auto stuck = gatedJob();
  const auto queued = job();
  {
    WorkerPool pool({.threads = 1}, clock.clock());
    ASSERT_TRUE(pool.post(stuck));
    ASSERT_TRUE(gate.awaitArrivals(1));
    ASSERT_TRUE(pool.post(queued));
    EXPECT_EQ(pool.close(base::SteadyClock::now()), 1U);
    EXPECT_TRUE(stuck->abandoned);
    EXPECT_EQ(queued->dropped.load(), Job::Dropped::shutDown);
  }
  // The pool is gone; its thread ends by itself, in good order.
  EXPECT_FALSE(stuck->ran);
  gate.open();
  const std::weak_ptr<TestJob> watch = stuck;
  EXPECT_TRUE(eventually([&] { return stuck->ran.load(); }));
  stuck.reset();
  EXPECT_TRUE(eventually([&] { return watch.expired(); }));
}

TEST_F(WorkerPoolTest, mayBeClosedByOneOfItsJobs) {
  auto pool = std::make_shared<WorkerPool>(WorkerPool::Limits{.threads = 2}, clock.clock());
  std::atomic<std::size_t> inside{99};
  const auto closing = job([&] { inside = pool->close(base::SteadyClock::now()); });
  ASSERT_TRUE(pool->post(closing));
  EXPECT_TRUE(eventually([&] { return closing->ran.load(); }));
  EXPECT_EQ(inside, 1U);
}

}  // namespace
}  // namespace kes::keystore
