// Reading keys: what the cache answers, for how long, and when it asks the store.

#include <gtest/gtest.h>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class KeyCacheTest : public CachedStoreTest {
 protected:
  KeyCacheTest() { backend->put("my-key", blobOf("one")); }

  // As the server does it: once in a while.
  void wait(std::chrono::nanoseconds time) {
    clock.advance(time);
    store().keepHouse();
  }
};

TEST_F(KeyCacheTest, readsAKeyOnceAndAnswersItFromThenOn) {
  EXPECT_EQ(ownerOf("my-key"), "one");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(gets(), 1);
  EXPECT_EQ(store().counters().misses, 1U);
  EXPECT_EQ(store().counters().hits, 10U);
  EXPECT_EQ(store().counters().entries, 1U);
}

TEST_F(KeyCacheTest, answersACachedKeyOnTheCallingThread) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  std::thread::id answeredBy;
  store().fetch("my-key", call(), [&](const auto&) { answeredBy = std::this_thread::get_id(); });
  EXPECT_EQ(answeredBy, std::this_thread::get_id());
}

TEST_F(KeyCacheTest, doesNotRememberThatAKeyIsMissing) {
  EXPECT_EQ(fetch("other").error(), ErrorCode::keyNotFound);
  backend->put("other", blobOf("late"));
  EXPECT_EQ(ownerOf("other"), "late");
  EXPECT_EQ(gets(), 2);
}

TEST_F(KeyCacheTest, neitherAnswersNorCachesABlobThatIsNoKey) {
  backend->put("my-key", "not a key");
  const auto result = fetch("my-key").get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::readFailed);
  EXPECT_EQ(result.error().message(), "failed to read key");
  EXPECT_TRUE(result.error().cause().starts_with("read key 'my-key': corrupt: ")) << result.error().cause();
  EXPECT_EQ(result.error().cause().find("not a key"), std::string::npos);
  backend->put("my-key", blobOf("mended"));
  EXPECT_EQ(ownerOf("my-key"), "mended");
}

TEST_F(KeyCacheTest, sharesOneReadAmongAHundredCallers) {
  hold(Operation::get);
  std::vector<Answer<KeyPtr>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(fetch("my-key"));
  ASSERT_TRUE(gate.awaitArrivals(1));
  gate.open();
  for (const auto& answer : answers) EXPECT_EQ(ownerOf(answer), "one");
  EXPECT_EQ(gets(), 1);
  EXPECT_EQ(store().counters().misses, 100U);
  for (const auto& answer : answers) EXPECT_EQ(answer.times(), 1);
}

TEST_F(KeyCacheTest, tellsEveryCallerOfASharedReadThatItFailed) {
  hold(Operation::get);
  fail(Operation::get, StoreError::denied);
  std::vector<Answer<KeyPtr>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(fetch("my-key"));
  gate.open();
  for (const auto& answer : answers) EXPECT_EQ(answer.error(), ErrorCode::readFailed);
  EXPECT_EQ(gets(), 1);
}

TEST_F(KeyCacheTest, readsDifferentKeysAtTheSameTime) {
  backend->put("other", blobOf("two"));
  hold(Operation::get);
  const auto one = fetch("my-key");
  const auto two = fetch("other");
  EXPECT_TRUE(gate.awaitArrivals(2));
  gate.open();
  EXPECT_EQ(ownerOf(one), "one");
  EXPECT_EQ(ownerOf(two), "two");
}

TEST_F(KeyCacheTest, answersACallerWhoseDeadlinePassedWhileOthersWaitOn) {
  hold(Operation::get);
  const auto hasty = fetch("my-key", call(seconds(1)));
  const auto patient = fetch("my-key", call(seconds(15)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  wait(seconds(2));
  EXPECT_EQ(hasty.error(), ErrorCode::outcomeUnknown);
  EXPECT_FALSE(patient.arrived());
  gate.open();
  EXPECT_EQ(ownerOf(patient), "one");
  EXPECT_EQ(hasty.times(), 1);
}

TEST_F(KeyCacheTest, asksAgainForThoseWhoHaveMoreTimeThanTheReadHad) {
  hold(Operation::get);
  fail(Operation::get, StoreError::timeout);
  const auto hasty = fetch("my-key", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  const auto patient = fetch("my-key", call(seconds(15)));
  wait(seconds(1));
  EXPECT_EQ(hasty.error(), ErrorCode::outcomeUnknown);

  Gate second;
  hold(Operation::get, second);
  gate.open();
  ASSERT_TRUE(second.awaitArrivals(1));
  EXPECT_FALSE(patient.arrived());
  fail(Operation::get, std::nullopt);
  second.open();
  EXPECT_EQ(ownerOf(patient), "one");
  EXPECT_EQ(gets(), 2);
}

TEST_F(KeyCacheTest, keepsWhatALateReadBrings) {
  hold(Operation::get);
  const auto answer = fetch("my-key", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  wait(seconds(2));
  EXPECT_EQ(answer.error(), ErrorCode::outcomeUnknown);
  gate.open();
  ASSERT_TRUE(settled());
  EXPECT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(gets(), 1);
}

TEST_F(KeyCacheTest, doesNotJoinAReadThatIsPastItsTime) {
  hold(Operation::get);
  const auto first = fetch("my-key", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  clock.advance(seconds(2));
  pass(Operation::get);
  EXPECT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(gets(), 2);
}

TEST_F(KeyCacheTest, cancelsAReadOnlyWhenAllWhoWaitHaveGone) {
  std::shared_ptr<const std::atomic<bool>> seen;
  backend->before = [&](Operation, const std::string&, const Call& sent) -> std::optional<StoreFailure> {
    seen = sent.cancelled;
    gate.pass();
    return std::nullopt;
  };
  const auto oneGone = std::make_shared<std::atomic<bool>>(false);
  const auto twoGone = std::make_shared<std::atomic<bool>>(false);
  const auto one = fetch("my-key", Call{clock.now() + seconds(15), 1, oneGone});
  const auto two = fetch("my-key", Call{clock.now() + seconds(15), 2, twoGone});
  ASSERT_TRUE(gate.awaitArrivals(1));
  *oneGone = true;
  store().keepHouse();
  EXPECT_EQ(one.error(), ErrorCode::outcomeUnknown);
  EXPECT_FALSE(*seen);
  EXPECT_FALSE(two.arrived());
  *twoGone = true;
  store().keepHouse();
  EXPECT_EQ(two.error(), ErrorCode::outcomeUnknown);
  EXPECT_TRUE(*seen);
}

TEST_F(KeyCacheTest, startsANewReadAfterACancelledOne) {
  hold(Operation::get);
  const auto gone = std::make_shared<std::atomic<bool>>(true);
  const auto cancelled = fetch("my-key", Call{clock.now() + seconds(15), 1, gone});
  store().keepHouse();
  EXPECT_EQ(cancelled.error(), ErrorCode::outcomeUnknown);
  pass(Operation::get);
  EXPECT_EQ(ownerOf("my-key"), "one");
}

TEST_F(KeyCacheTest, dropsAKeyAfterItsLifetime) {
  settings.cache = {.any = minutes(5), .unused = seconds(0), .revalidate = seconds(0)};
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(minutes(5) - milliseconds(1));
  EXPECT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(gets(), 1);
  clock.advance(milliseconds(1));
  EXPECT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(gets(), 2);
}

TEST_F(KeyCacheTest, dropsAKeyThatIsNotUsed) {
  settings.cache = {.any = minutes(5), .unused = seconds(30), .revalidate = seconds(0)};
  ASSERT_EQ(ownerOf("my-key"), "one");
  for (int i = 0; i < 5; ++i) {
    wait(seconds(29));
    ASSERT_EQ(ownerOf("my-key"), "one");
  }
  EXPECT_EQ(gets(), 1);
  wait(seconds(30));
  EXPECT_EQ(store().counters().entries, 0U);
}

TEST_F(KeyCacheTest, keepsKeysForeverWhenNoRuleIsOn) {
  settings.cache = {.any = seconds(0), .unused = seconds(0), .revalidate = seconds(0)};
  ASSERT_EQ(ownerOf("my-key"), "one");
  wait(std::chrono::hours(1000));
  EXPECT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(gets(), 1);
}

class VerificationTest : public KeyCacheTest {
 protected:
  VerificationTest() {
    settings.cache = {.any = minutes(60), .unused = seconds(0), .revalidate = minutes(1)};
  }
  // A key that was used since it was read, and is due to be verified.
  void cacheAndUse() {
    ASSERT_EQ(ownerOf("my-key"), "one");
    clock.advance(seconds(30));
    ASSERT_EQ(ownerOf("my-key"), "one");
    clock.advance(seconds(30));
  }
  void verify() {
    store().keepHouse();
    ASSERT_TRUE(settled());
  }
};

TEST_F(VerificationTest, readsAKeyInUseAgainInTheBackground) {
  cacheAndUse();
  hold(Operation::get);
  store().keepHouse();
  ASSERT_TRUE(gate.awaitArrivals(1));
  EXPECT_EQ(ownerOf("my-key"), "one") << "nobody waits for it";
  store().keepHouse();
  store().keepHouse();
  gate.open();
  ASSERT_TRUE(settled());
  EXPECT_EQ(gets(), 2) << "once per name";
}

TEST_F(VerificationTest, leavesAKeyThatNobodyUsesAlone) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(minutes(2));
  verify();
  EXPECT_EQ(gets(), 1);
}

TEST_F(VerificationTest, happensOncePerInterval) {
  cacheAndUse();
  verify();
  EXPECT_EQ(gets(), 2);
  clock.advance(seconds(59));
  ASSERT_EQ(ownerOf("my-key"), "one");
  verify();
  EXPECT_EQ(gets(), 2);
  clock.advance(seconds(1));
  verify();
  EXPECT_EQ(gets(), 3);
}

TEST_F(VerificationTest, dropsAKeyThatWasDeletedElsewhere) {
  cacheAndUse();
  backend->erase("my-key");
  verify();
  EXPECT_EQ(store().counters().entries, 0U);
  EXPECT_EQ(fetch("my-key").error(), ErrorCode::keyNotFound);
}

TEST_F(VerificationTest, replacesAKeyThatWasMadeAnewElsewhere) {
  cacheAndUse();
  backend->put("my-key", blobOf("two"));
  verify();
  EXPECT_EQ(ownerOf("my-key"), "two");
  EXPECT_EQ(gets(), 2);
}

TEST_F(VerificationTest, keepsTheKeyWhenItFailsAndTriesAgainAfterTheNextInterval) {
  for (const auto error : {StoreError::denied, StoreError::internal, StoreError::timeout}) {
    cacheAndUse();
    const int before = gets();
    fail(Operation::get, error);
    verify();
    verify();
    EXPECT_EQ(gets(), before + 1);
    EXPECT_EQ(ownerOf("my-key"), "one");
    fail(Operation::get, std::nullopt);
    clock.advance(minutes(1));
    verify();
    EXPECT_EQ(gets(), before + 2);
  }
}

TEST_F(VerificationTest, keepsTheKeyWhenTheStoreHoldsNoKeyAnyMore) {
  cacheAndUse();
  backend->put("my-key", "not a key");
  verify();
  EXPECT_EQ(ownerOf("my-key"), "one");
}

TEST_F(VerificationTest, isOffAtZero) {
  settings.cache.revalidate = seconds(0);
  cacheAndUse();
  verify();
  EXPECT_EQ(gets(), 1);
}

TEST_F(VerificationTest, ofManyKeysNeverFillsTheQueue) {
  settings.workers.queue = 8;  // of which a quarter for the background
  for (int i = 0; i < 10; ++i) {
    const auto name = "key-" + std::to_string(i);
    backend->put(name, blobOf("one"));
    ASSERT_EQ(ownerOf(name), "one");
  }
  clock.advance(seconds(30));
  for (int i = 0; i < 10; ++i) ASSERT_EQ(ownerOf("key-" + std::to_string(i)), "one");
  clock.advance(seconds(30));
  verify();
  EXPECT_EQ(gets(), 10 + 2);
  for (int i = 0; i < 4; ++i) verify();
  EXPECT_EQ(gets(), 10 + 10);
}

class RereadTest : public KeyCacheTest {};

TEST_F(RereadTest, answersTheCachedKeyWhileThatIsYoungerThanASecond) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  backend->put("my-key", blobOf("two"));
  clock.advance(milliseconds(999));
  EXPECT_EQ(ownerOf(reread("my-key")), "one");
  EXPECT_EQ(gets(), 1);
}

TEST_F(RereadTest, findsAKeyThatWasDeletedAndMadeAnewElsewhere) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  backend->put("my-key", blobOf("two"));
  clock.advance(seconds(1));
  EXPECT_EQ(ownerOf(reread("my-key")), "two");
  EXPECT_EQ(ownerOf("my-key"), "two");
}

TEST_F(RereadTest, findsThatAKeyIsGone) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  backend->erase("my-key");
  clock.advance(seconds(1));
  EXPECT_EQ(reread("my-key").error(), ErrorCode::keyNotFound);
  EXPECT_EQ(fetch("my-key").error(), ErrorCode::keyNotFound);
}

TEST_F(RereadTest, asksTheStoreOncePerSecondAtMost) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(seconds(1));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ownerOf(reread("my-key")), "one");
  EXPECT_EQ(gets(), 2);
  clock.advance(seconds(1));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ownerOf(reread("my-key")), "one");
  EXPECT_EQ(gets(), 3);
}

TEST_F(RereadTest, sharesTheReadWithOthers) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(seconds(1));
  backend->put("my-key", blobOf("two"));
  hold(Operation::get);
  const auto first = reread("my-key");
  const auto second = reread("my-key");
  EXPECT_EQ(ownerOf("my-key"), "one") << "a fetch does not wait for it";
  gate.open();
  EXPECT_EQ(ownerOf(first), "two");
  EXPECT_EQ(ownerOf(second), "two");
  EXPECT_EQ(gets(), 2);
}

TEST_F(RereadTest, saysSoWhenTheStoreCannotBeAsked) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(seconds(1));
  fail(Operation::get, StoreError::internal);
  EXPECT_EQ(reread("my-key").error(), ErrorCode::readFailed);
  EXPECT_EQ(reread("my-key").error(), ErrorCode::readFailed);
  EXPECT_EQ(gets(), 2);
  EXPECT_EQ(ownerOf("my-key"), "one") << "a failure keeps the key";
}

TEST_F(RereadTest, readsAKeyThatIsNotCached) {
  EXPECT_EQ(ownerOf(reread("my-key")), "one");
}

}  // namespace
}  // namespace kes::keystore
