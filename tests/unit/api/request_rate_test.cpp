#include "api/request_rate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace kes::api {
namespace {

using namespace std::chrono_literals;

class RateShareTest : public testing::Test {
 protected:
  // How many of `count` requests may go on.
  int spend(RateShare& from, int count, const std::string& identity = "client") {
    int passed = 0;
    for (int i = 0; i < count; ++i) passed += from.spend(identity, rate, now) ? 0 : 1;
    return passed;
  }

  RequestRate rate{.perSecond = 10, .burst = 20};
  base::SteadyTime now = base::SteadyClock::now();
  RateBuckets buckets;
  RateShare share{buckets};
};

TEST_F(RateShareTest, letsABurstPassAndThenSoManyPerSecond) {
  EXPECT_EQ(spend(share, 100), 20);
  now += 100ms;
  EXPECT_EQ(spend(share, 100), 1);
  now += 1s;
  EXPECT_EQ(spend(share, 100), 10);
  now += 1h;
  EXPECT_EQ(spend(share, 100), 20);
}

TEST_F(RateShareTest, saysHowLongToWait) {
  spend(share, 20);
  EXPECT_EQ(share.spend("client", rate, now), 100ms);
  EXPECT_EQ(share.spend("client", rate, now + 60ms), 40ms);
  EXPECT_EQ(share.spend("client", rate, now + 100ms), std::nullopt);
}

TEST_F(RateShareTest, givesEachIdentityABucketOfItsOwn) {
  EXPECT_EQ(spend(share, 100, "one"), 20);
  EXPECT_EQ(spend(share, 100, "two"), 20);
}

TEST_F(RateShareTest, letsEverythingPassWithoutALimit) {
  rate = {};
  EXPECT_EQ(spend(share, 10'000), 10'000);
  EXPECT_EQ(buckets.size(), 0U);
}

TEST_F(RateShareTest, loopsTogetherGetWhatOneWouldGet) {
  rate = {.perSecond = 1000, .burst = 3200};
  std::vector<RateShare> loops(4, RateShare(buckets));
  int passed = 0;
  for (int i = 0; i < 10'000; ++i) passed += spend(loops[static_cast<std::size_t>(i) % 4], 1);
  EXPECT_EQ(passed, 3200);
}

TEST_F(RateShareTest, whatALoopHasNotUsedComesBack) {
  rate = {.perSecond = 1, .burst = 320};
  RateShare other{buckets};
  ASSERT_EQ(spend(share, 33), 33);  // it has taken 1 + 1 + 2 + 4 + 8 + 16 + 20
  EXPECT_EQ(spend(other, 1000), 320 - 52);

  share.giveBack(rate);
  other.giveBack(rate);
  EXPECT_EQ(spend(other, 1000), 19);
}

TEST_F(RateShareTest, bucketsThatAreFullAreForgotten) {
  for (int i = 0; i < 1000; ++i) spend(share, 1, std::to_string(i));
  EXPECT_EQ(buckets.size(), 1000U);
  share.giveBack(rate);
  now += 2s;
  spend(share, 1, "another");
  EXPECT_EQ(buckets.size(), 1U);
}

TEST_F(RateShareTest, loopsAtOnceNeverExceedTheBurst) {
  rate = {.perSecond = 1, .burst = 5000};
  std::atomic<int> passed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      RateShare mine(buckets);
      passed += spend(mine, 5000);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(passed, 5000);
}

}  // namespace
}  // namespace kes::api
