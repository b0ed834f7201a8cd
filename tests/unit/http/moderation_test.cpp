#include "http/moderation.h"

#include <gtest/gtest.h>

namespace kes::http {
namespace {

// What arrives at a loop: `alone` requests in a turn, and `gathered` in one that follows a rest.
struct Load {
  std::uint64_t alone;
  std::uint64_t gathered;
  bool sleeps = true;  // the loop, before a turn that does not follow a rest
};

// After how many of so many turns the loop rests.
int restsIn(Moderation& moderation, int turns, Load load) {
  int rests = 0;
  bool resting = false;
  for (int i = 0; i < turns; ++i) {
    resting =
        resting ? moderation.restAfter(false, load.gathered) : moderation.restAfter(load.sleeps, load.alone);
    if (resting) ++rests;
  }
  return rests;
}

TEST(Moderation, restsAgainWhileThatBringsCompany) {
  Moderation moderation;
  EXPECT_EQ(restsIn(moderation, 1000, {.alone = 1, .gathered = 3}), 800);
}

TEST(Moderation, leavesThoseInPeaceWhoAskOneByOne) {
  Moderation moderation;
  EXPECT_LE(restsIn(moderation, 1000, {.alone = 1, .gathered = 1}), 10);
  EXPECT_LE(restsIn(moderation, 100'000, {.alone = 0, .gathered = 2}), 100);
}

TEST(Moderation, findsCompanyThatComesLater) {
  Moderation moderation;
  static_cast<void>(restsIn(moderation, 10'000, {.alone = 1, .gathered = 1}));
  EXPECT_GE(restsIn(moderation, 2000, {.alone = 1, .gathered = 3}), 700);
}

TEST(Moderation, doesNotHoldUpALoopThatIsBusy) {
  Moderation moderation;
  EXPECT_EQ(restsIn(moderation, 1000, {.alone = 1, .gathered = 3, .sleeps = false}), 0);
  EXPECT_EQ(restsIn(moderation, 1000, {.alone = 16, .gathered = 16}), 0);
}

}  // namespace
}  // namespace kes::http
