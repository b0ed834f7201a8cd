// What happens while the store cannot be reached.

#include <gtest/gtest.h>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using base::ErrorCode;
using std::chrono::minutes;
using std::chrono::seconds;

class OfflineTest : public CachedStoreTest {
 protected:
  OfflineTest() {
    settings.cache = {
        .any = minutes(5), .unused = seconds(30), .offline = seconds(0), .revalidate = minutes(1)};
    backend->put("my-key", blobOf("one"));
    backend->put("other", blobOf("two"));
  }
  void failAll(std::optional<StoreError> error) {
    for (const auto operation :
         {Operation::create, Operation::get, Operation::remove, Operation::list, Operation::status}) {
      fail(operation, error);
    }
  }
  void goOffline() {
    failAll(StoreError::unavailable);
    for (int i = 0; i < 3; ++i) ASSERT_FALSE(fetch("other").get());
    ASSERT_TRUE(isOffline());
  }
  void probe() {
    clock.advance(seconds(10));
    store().keepHouse();
    ASSERT_TRUE(settled());
  }
  [[nodiscard]] bool isOffline() { return store().counters().offline; }
};

TEST_F(OfflineTest, beginsWithThreeFailedCallsInARow) {
  fail(Operation::get, StoreError::timeout);
  ASSERT_FALSE(fetch("other").get());
  ASSERT_FALSE(fetch("other").get());
  EXPECT_FALSE(isOffline());
  ASSERT_FALSE(fetch("other").get());
  EXPECT_TRUE(isOffline());
}

TEST_F(OfflineTest, beginsWithOneFailedProbe) {
  store().keepHouse();
  EXPECT_EQ(backend->calls(Operation::status), 0) << "the first probe comes after ten seconds";
  probe();
  EXPECT_EQ(backend->calls(Operation::status), 1);
  EXPECT_FALSE(isOffline());
  failAll(StoreError::unavailable);
  probe();
  EXPECT_EQ(backend->calls(Operation::status), 2);
  EXPECT_TRUE(isOffline());
}

TEST_F(OfflineTest, doesNotBeginWithARefusalOrAMissingKey) {
  for (const auto error : {StoreError::denied, StoreError::notFound}) {
    failAll(error);
    for (int i = 0; i < 5; ++i) ASSERT_FALSE(fetch("other").get());
    probe();
    EXPECT_FALSE(isOffline());
  }
}

TEST_F(OfflineTest, doesNotBeginWithCallsThatWereCalledOff) {
  fail(Operation::get, StoreError::timeout);
  for (int i = 0; i < 5; ++i) {
    Gate held;
    hold(Operation::get, held);
    const auto gone = std::make_shared<std::atomic<bool>>(false);
    const auto answer = fetch("other", Call{clock.now() + seconds(15), 1, gone});
    ASSERT_TRUE(held.awaitArrivals(1));
    *gone = true;
    store().keepHouse();
    held.open();
    ASSERT_TRUE(settled());
    ASSERT_EQ(answer.error(), ErrorCode::outcomeUnknown);
  }
  EXPECT_FALSE(isOffline());
}

TEST_F(OfflineTest, beginsWithCallsThatDoNotReturn) {
  hold(Operation::create);
  for (int i = 0; i < 3; ++i) create("key-" + std::to_string(i), "me", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(3));
  clock.advance(seconds(1));
  store().keepHouse();
  EXPECT_TRUE(isOffline());
  EXPECT_EQ(store().counters().stuck, 3U);
}

TEST_F(OfflineTest, beginsWithAProbeThatDoesNotReturn) {
  hold(Operation::status);
  store().keepHouse();
  clock.advance(seconds(10));
  store().keepHouse();
  ASSERT_TRUE(gate.awaitArrivals(1));
  clock.advance(seconds(10));
  store().keepHouse();
  EXPECT_TRUE(isOffline());
  gate.open();
  EXPECT_TRUE(eventually([&] { return !isOffline(); }));
}

TEST_F(OfflineTest, beginsWhenEveryThreadIsStuck) {
  settings.workers.threads = 1;
  hold(Operation::create);
  create("key", "me", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  clock.advance(seconds(10));
  store().keepHouse();
  EXPECT_TRUE(isOffline());
  EXPECT_EQ(backend->calls(Operation::status), 0);
}

TEST_F(OfflineTest, endsWithTheFirstSuccess) {
  goOffline();
  failAll(std::nullopt);
  EXPECT_EQ(ownerOf("other"), "two");
  EXPECT_FALSE(isOffline());
}

TEST_F(OfflineTest, endsWithASuccessfulProbe) {
  goOffline();
  failAll(std::nullopt);
  probe();
  EXPECT_FALSE(isOffline());
}

TEST_F(OfflineTest, letsOneCallFindOutAndFailsTheOthersAtOnce) {
  ASSERT_NO_FATAL_FAILURE(goOffline());
  hold(Operation::get);
  const auto finding = fetch("my-key");
  ASSERT_TRUE(gate.awaitArrivals(1));
  const int before = gets();

  const auto refused = fetch("other").get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::readFailed);
  EXPECT_EQ(refused.error().cause(),
            "read key 'other': unavailable: the store is offline: unavailable: as scripted");
  EXPECT_EQ(create("new", "me").error(), ErrorCode::createFailed);
  EXPECT_EQ(remove("other").error(), ErrorCode::deleteFailed);
  EXPECT_EQ(list("").error(), ErrorCode::listFailed);
  EXPECT_EQ(gets(), before);
  EXPECT_EQ(
      backend->calls(Operation::create) + backend->calls(Operation::remove) + backend->calls(Operation::list),
      0);

  failAll(std::nullopt);
  gate.open();
  EXPECT_EQ(ownerOf(finding), "one");
  EXPECT_EQ(ownerOf("other"), "two");
}

TEST_F(OfflineTest, neverSaysThatTheOutcomeOfAnUnsentCallIsUnknown) {
  failAll(StoreError::timeout);
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(fetch("other").get());
  hold(Operation::get);
  const auto finding = fetch("my-key");
  ASSERT_TRUE(gate.awaitArrivals(1));
  EXPECT_EQ(create("new", "me").error(), ErrorCode::createFailed);
  EXPECT_EQ(remove("other").error(), ErrorCode::deleteFailed);
}

TEST_F(OfflineTest, isTheStatusWithoutACall) {
  goOffline();
  failAll(std::nullopt);
  EXPECT_EQ(status().error(), ErrorCode::storeUnreachable);
  EXPECT_EQ(backend->calls(Operation::status), 0);
}

TEST_F(OfflineTest, leavesTheUsualLifetimesInForceWhenItHasNone) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  goOffline();
  EXPECT_EQ(ownerOf("my-key"), "one");
  clock.advance(seconds(30));
  EXPECT_FALSE(fetch("my-key").get());
}

TEST_F(OfflineTest, keepsKeysForItsOwnLifetimeAfterTheirLastRead) {
  settings.cache.offline = std::chrono::hours(1);
  ASSERT_EQ(ownerOf("my-key"), "one");
  goOffline();
  clock.advance(minutes(59));
  store().keepHouse();
  EXPECT_EQ(ownerOf("my-key"), "one") << "neither `any` nor `unused` counts";
  clock.advance(minutes(1));
  store().keepHouse();
  EXPECT_FALSE(fetch("my-key").get());
}

TEST_F(OfflineTest, verifiesNothingMeanwhile) {
  settings.cache = {.any = minutes(5), .unused = seconds(0), .offline = minutes(5), .revalidate = seconds(1)};
  ASSERT_EQ(ownerOf("my-key"), "one");
  goOffline();
  clock.advance(seconds(1));
  ASSERT_EQ(ownerOf("my-key"), "one");
  const int before = gets();
  clock.advance(seconds(5));
  store().keepHouse();
  ASSERT_TRUE(settled());
  EXPECT_EQ(gets(), before);
}

TEST_F(OfflineTest, doesNotLastBecauseTheCallThatFindsOutIsStuck) {
  goOffline();
  hold(Operation::get);
  const auto stuck = fetch("other", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  pass(Operation::get);
  failAll(std::nullopt);
  EXPECT_FALSE(fetch("my-key").get());
  clock.advance(seconds(1));
  EXPECT_EQ(ownerOf("my-key"), "one");
}

}  // namespace
}  // namespace kes::keystore
