// What the metrics are told about the store.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "keystore/store_error.h"
#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class StoreCountersTest : public CachedStoreTest {
 protected:
  StoreCountersTest() { backend->put("my-key", blobOf("one")); }

  std::uint64_t evicted(Eviction why) { return store().counters().evicted[static_cast<std::size_t>(why)]; }
  OperationCounters of(StoreOperation operation) {
    return store().counters().operations[static_cast<std::size_t>(operation)];
  }
};

TEST_F(StoreCountersTest, tellWhyKeysLeftTheCache) {
  settings.cache = {.any = minutes(5), .unused = seconds(0), .revalidate = seconds(0)};
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(seconds(2));
  EXPECT_EQ(store().counters().oldest, seconds(2));
  backend->put("my-key", blobOf("two"));
  ASSERT_EQ(ownerOf(reread("my-key")), "two");
  EXPECT_EQ(evicted(Eviction::changed), 1U);

  clock.advance(minutes(5));
  store().keepHouse();
  EXPECT_EQ(evicted(Eviction::expired), 1U);

  ASSERT_EQ(ownerOf("my-key"), "two");
  ASSERT_TRUE(remove("my-key").get());
  EXPECT_EQ(evicted(Eviction::written), 1U);
  EXPECT_EQ(store().counters().entries, 0U);
  EXPECT_EQ(store().counters().oldest, seconds(0));
}

TEST_F(StoreCountersTest, tellWhatCallsCameToByOperation) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  EXPECT_FALSE(fetch("missing").get());
  fail(Operation::get, StoreError::throttled);
  EXPECT_FALSE(fetch("other").get());
  EXPECT_TRUE(status().get());

  const OperationCounters gets = of(StoreOperation::get);
  EXPECT_EQ(gets.duration.total(), 3U);
  for (std::size_t outcome = 0; outcome < kStoreOutcomes; ++outcome) {
    const auto name = storeOutcomeName(outcome);
    const bool expected = name == "ok" || name == "not_found" || name == "throttled";
    EXPECT_EQ(gets.outcomes[outcome], expected ? 1U : 0U) << name;
  }
  EXPECT_EQ(of(StoreOperation::status).outcomes[0], 1U);
  EXPECT_EQ(of(StoreOperation::create).duration.total(), 0U);
}

TEST(StoreOutcomes, haveTheNamesOfTheErrors) {
  for (std::size_t outcome = 1; outcome < kStoreOutcomes; ++outcome) {
    std::string name(storeErrorName(static_cast<StoreError>(outcome - 1)));
    std::ranges::replace(name, ' ', '_');
    EXPECT_EQ(storeOutcomeName(outcome), name);
  }
}

}  // namespace
}  // namespace kes::keystore
