#include "observe/bounded_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace kes::observe {
namespace {

TEST(BoundedQueue, keepsTheOrderAndRefusesWhatDoesNotFit) {
  BoundedQueue<int> queue(4);
  EXPECT_TRUE(queue.empty());
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.push(int{i}));
    EXPECT_FALSE(queue.push(4));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.pop(), i);
    EXPECT_EQ(queue.pop(), std::nullopt);
  }
}

TEST(BoundedQueue, leavesAloneWhatItRefuses) {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  ASSERT_TRUE(queue.push(std::make_unique<int>(0)));
  ASSERT_TRUE(queue.push(std::make_unique<int>(1)));
  auto refused = std::make_unique<int>(2);
  EXPECT_FALSE(queue.push(std::move(refused)));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(*refused, 2);
}

TEST(BoundedQueue, losesNothingOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 20'000;
  BoundedQueue<int> queue(64);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&queue, thread] {
      for (int i = 0; i < kEach; ++i) {
        while (!queue.push(thread * kEach + i)) std::this_thread::yield();
      }
    });
  }
  std::array<int, kThreads> next{};
  for (int taken = 0; taken < kThreads * kEach;) {
    const auto value = queue.pop();
    if (!value) {
      std::this_thread::yield();
      continue;
    }
    ++taken;
    int& expected = next.at(static_cast<std::size_t>(*value / kEach));
    EXPECT_EQ(*value % kEach, expected++);
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace kes::observe
