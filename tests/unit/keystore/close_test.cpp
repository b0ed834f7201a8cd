// How a store ends, with calls under way and with calls that do not return.

#include <gtest/gtest.h>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

class CloseTest : public CachedStoreTest {
 protected:
  CloseTest() { backend->put("my-key", blobOf("one")); }
  std::size_t close(bool patiently) {
    return store().close(base::SteadyClock::now() + (patiently ? kPatience : seconds(0)));
  }
};

TEST_F(CloseTest, waitsForWhatIsUnderWayAndClosesTheStoreOnce) {
  std::vector<Answer<void>> answers;
  for (int i = 0; i < 40; ++i) answers.push_back(create("key-" + std::to_string(i), "me"));
  EXPECT_EQ(close(true), 0U);
  for (const auto& answer : answers) {
    EXPECT_TRUE(answer.get());
    EXPECT_EQ(answer.times(), 1);
  }
  EXPECT_EQ(backend->closed(), 1);
  EXPECT_EQ(close(true), 0U);
  letGo();
  EXPECT_EQ(backend->closed(), 1);
}

TEST_F(CloseTest, refusesNewCalls) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(close(true), 0U);
  EXPECT_EQ(fetch("my-key").error(), ErrorCode::shuttingDown);
  EXPECT_EQ(reread("my-key").error(), ErrorCode::shuttingDown);
  EXPECT_EQ(create("other", "me").error(), ErrorCode::shuttingDown);
  EXPECT_EQ(remove("my-key").error(), ErrorCode::shuttingDown);
  EXPECT_EQ(list("").error(), ErrorCode::shuttingDown);
  EXPECT_EQ(status().error(), ErrorCode::shuttingDown);
}

TEST_F(CloseTest, leavesAStuckCallBehindAndTheStoreOpenUntilThatReturns) {
  settings.workers.threads = 2;
  hold(Operation::create);
  hold(Operation::get);
  const auto creating = create("other", "me");
  const auto reading = fetch("my-key");
  ASSERT_TRUE(gate.awaitArrivals(2));
  const auto queued = remove("my-key");
  EXPECT_EQ(close(false), 2U);
  EXPECT_EQ(creating.error(), ErrorCode::outcomeUnknown);
  EXPECT_EQ(reading.error(), ErrorCode::outcomeUnknown);
  EXPECT_EQ(queued.error(), ErrorCode::shuttingDown);
  letGo();
  EXPECT_EQ(backend->closed(), 0);

  gate.open();
  EXPECT_TRUE(eventually([&] { return backend->closed() == 1; }));
  EXPECT_TRUE(backend->find("other")) << "the effect of a late call is real";
  EXPECT_EQ(creating.times() + reading.times() + queued.times(), 3);
}

TEST_F(CloseTest, happensWhenTheStoreIsLetGoOf) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  letGo();
  EXPECT_TRUE(eventually([&] { return backend->closed() == 1; }));
}

TEST_F(CloseTest, mayHappenWithinAnAnswer) {
  hold(Operation::get);
  Answer<KeyPtr> answer;
  store().fetch("my-key", call(), [last = shared(), done = answer.done()](auto key) mutable {
    last.reset();
    done(std::move(key));
  });
  ASSERT_TRUE(gate.awaitArrivals(1));
  letGo();
  gate.open();
  EXPECT_EQ(ownerOf(answer), "one");
  EXPECT_TRUE(eventually([&] { return backend->closed() == 1; }));
}

TEST_F(CloseTest, endsTheHousekeeperToo) {
  settings.housekeeper = true;
  settings.now = &base::SteadyClock::now;
  settings.cache.any = milliseconds(1);
  ASSERT_EQ(ownerOf("my-key"), "one");
  EXPECT_TRUE(eventually([&] { return store().counters().entries == 0; })) << "it works by itself";
  EXPECT_EQ(close(true), 0U);
}

}  // namespace
}  // namespace kes::keystore
