#include "base/quota.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace kes::base {
namespace {

TEST(Quota, givesEachNameAsManyAsItMayHave) {
  Quota quota;
  const auto first = quota.take("a", 2);
  const auto second = quota.take("a", 2);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(quota.take("a", 2));
  EXPECT_TRUE(quota.take("b", 2));
}

TEST(Quota, whatIsGivenBackCanBeTakenAgain) {
  Quota quota;
  auto hold = quota.take("a", 1);
  ASSERT_TRUE(hold);
  ASSERT_FALSE(quota.take("a", 1));
  hold->release();
  hold->release();
  EXPECT_TRUE(quota.take("a", 1));
}

TEST(Quota, aHoldThatMovesIsGivenBackOnce) {
  Quota quota;
  {
    auto hold = quota.take("a", 2);
    const auto other = quota.take("a", 2);
    const Quota::Hold moved = std::move(*hold);
    hold.reset();
    EXPECT_FALSE(quota.take("a", 2));
  }
  EXPECT_EQ(quota.names(), 0U);
}

TEST(Quota, countsNothingWithoutALimit) {
  Quota quota;
  const auto hold = quota.take("a", 0);
  EXPECT_TRUE(hold);
  EXPECT_EQ(quota.names(), 0U);
}

TEST(Quota, remembersNobodyWhoHoldsNothing) {
  Quota quota;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(quota.take(std::to_string(i), 1));
  EXPECT_EQ(quota.names(), 0U);
}

TEST(Quota, isNeverExceededByThreadsAtOnce) {
  constexpr int kMost = 3;
  Quota quota;
  std::atomic<int> inside = 0;
  std::atomic<bool> exceeded = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const auto hold = quota.take("a", kMost);
        if (!hold) continue;
        if (++inside > kMost) exceeded = true;
        --inside;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(quota.names(), 0U);
}

}  // namespace
}  // namespace kes::base
