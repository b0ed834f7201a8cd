#include "crypto/random.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

namespace kes::crypto {
namespace {

using Draw = std::array<std::uint8_t, 28>;

Draw draw() {
  Draw bytes{};
  randomBytes(bytes);
  return bytes;
}

TEST(Random, neverRepeatsAcrossRefills) {
  std::set<Draw> seen;
  for (int i = 0; i < 2000; ++i) seen.insert(draw());
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(Random, fillsEveryByteOfEverySize) {
  for (const std::size_t size : {0UL, 1UL, 2UL, 31UL, 1021UL, 1022UL, 1023UL, 4088UL, 5000UL}) {
    // A byte stays zero in all of 16 draws with a probability of 2^-128.
    base::Bytes mixed(size, 0);
    for (int round = 0; round < 16; ++round) {
      base::Bytes bytes(size, 0);
      randomBytes(bytes);
      for (std::size_t i = 0; i < size; ++i) mixed[i] |= bytes[i];
    }
    EXPECT_EQ(std::ranges::count(mixed, 0), 0) << size;
  }
}

TEST(Random, aForkedChildDrawsOtherBytesThanItsParent) {
  std::ignore = draw();  // the pool is filled before the fork
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Draw bytes = draw();
    const bool written = ::write(pipe[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    ::_exit(written ? 0 : 1);
  }
  Draw drawnByChild{};
  ::close(pipe[1]);
  ASSERT_EQ(::read(pipe[0], drawnByChild.data(), drawnByChild.size()), static_cast<ssize_t>(sizeof(Draw)));
  ::close(pipe[0]);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(drawnByChild, draw());
  EXPECT_NE(drawnByChild, Draw{});
}

TEST(Random, threadsDrawDifferentBytes) {
  std::array<Draw, 8> draws{};
  std::vector<std::thread> threads;
  for (Draw& mine : draws) threads.emplace_back([&mine] { mine = draw(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<Draw>(draws.begin(), draws.end()).size(), draws.size());
}

struct DrawsWhenDestroyed {
  Draw* out;
  ~DrawsWhenDestroyed() { *out = draw(); }
};

TEST(Random, aThreadGivesItsPoolBackAndMayStillDrawWhileItEnds) {
  std::ignore = draw();
  const std::size_t before = base::arenaStatus().bytesInUse;
  Draw last{};
  std::thread([&last] {
    thread_local DrawsWhenDestroyed outlivesThePool{&last};
    std::ignore = outlivesThePool.out;
    std::ignore = draw();
  }).join();
  EXPECT_EQ(base::arenaStatus().bytesInUse, before);
  EXPECT_NE(last, Draw{});
}

TEST(RandomSecret, hasTheSizeAskedForAndIsFresh) {
  const base::Secret a = randomSecret(32);
  const base::Secret b = randomSecret(32);
  EXPECT_EQ(a.size(), 32U);
  EXPECT_FALSE(equal(a, b));
  EXPECT_TRUE(randomSecret(0).empty());
}

}  // namespace
}  // namespace kes::crypto
