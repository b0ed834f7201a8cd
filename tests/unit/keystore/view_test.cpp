// One event loop's way to the cached keys.

#include <gtest/gtest.h>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ViewTest : public CachedStoreTest {
 protected:
  ViewTest() {
    settings.cache = {.any = minutes(5), .unused = seconds(30), .revalidate = seconds(0)};
    backend->put("my-key", blobOf("one"));
  }
  static std::string ownerIn(KeyStore::View& view, std::string_view name) {
    const auto* const key = view.find(name);
    return key == nullptr ? std::string() : key->createdBy();
  }
};

TEST_F(ViewTest, findsWhatIsCachedAndNothingElse) {
  KeyStore::View view(shared());
  EXPECT_EQ(view.find("my-key"), nullptr);
  ASSERT_EQ(ownerOf("my-key"), "one");
  EXPECT_EQ(ownerIn(view, "my-key"), "one");
  EXPECT_EQ(view.find("other"), nullptr);
  EXPECT_EQ(gets(), 1) << "a view asks no store";
}

TEST_F(ViewTest, givesTheSameKeyAsAFetch) {
  KeyStore::View view(shared());
  const auto key = fetch("my-key").get();
  ASSERT_TRUE(key);
  EXPECT_EQ(view.find("my-key"), key->get());
  EXPECT_EQ(view.find("my-key"), key->get());
}

TEST_F(ViewTest, losesAKeyAsSoonAsItIsDeleted) {
  KeyStore::View here(shared());
  KeyStore::View there(shared());
  ASSERT_EQ(ownerOf("my-key"), "one");
  ASSERT_EQ(ownerIn(here, "my-key") + ownerIn(there, "my-key"), "oneone");
  ASSERT_TRUE(remove("my-key").get());
  EXPECT_EQ(here.find("my-key"), nullptr);
  EXPECT_EQ(there.find("my-key"), nullptr);
}

TEST_F(ViewTest, findsTheKeyThatTookTheOldOnesPlace) {
  KeyStore::View view(shared());
  ASSERT_EQ(ownerOf("my-key"), "one");
  ASSERT_EQ(ownerIn(view, "my-key"), "one");
  backend->put("my-key", blobOf("two"));
  clock.advance(seconds(1));
  ASSERT_EQ(ownerOf(reread("my-key")), "two");
  EXPECT_EQ(ownerIn(view, "my-key"), "two");
}

TEST_F(ViewTest, losesAKeyWhoseTimeIsOver) {
  KeyStore::View view(shared());
  ASSERT_EQ(ownerOf("my-key"), "one");
  ASSERT_EQ(ownerIn(view, "my-key"), "one");
  clock.advance(minutes(5));
  store().keepHouse();
  EXPECT_EQ(view.find("my-key"), nullptr);
}

TEST_F(ViewTest, keepsAKeyAliveByUsingIt) {
  KeyStore::View view(shared());
  ASSERT_EQ(ownerOf("my-key"), "one");
  for (int i = 0; i < 10; ++i) {
    clock.advance(seconds(29));
    view.sweep();
    ASSERT_EQ(ownerIn(view, "my-key"), "one");
    store().keepHouse();
  }
  clock.advance(seconds(30));
  store().keepHouse();
  EXPECT_EQ(view.find("my-key"), nullptr);
}

TEST_F(ViewTest, stampsTheUseOfAKeyOncePerSweepAtMost) {
  KeyStore::View view(shared());
  ASSERT_EQ(ownerOf("my-key"), "one");
  ASSERT_EQ(ownerIn(view, "my-key"), "one");
  clock.advance(seconds(29));
  ASSERT_EQ(ownerIn(view, "my-key"), "one") << "used, but no sweep since the last stamp";
  clock.advance(seconds(1));
  store().keepHouse();
  EXPECT_EQ(view.find("my-key"), nullptr);
}

TEST_F(ViewTest, tellsSinceWhenAKeyIsUnverified) {
  KeyStore::View view(shared());
  const auto read = clock.now();
  ASSERT_EQ(ownerOf("my-key"), "one");
  clock.advance(seconds(5));
  ASSERT_EQ(ownerIn(view, "my-key"), "one");
  EXPECT_EQ(view.readAt(), read);
  ASSERT_EQ(ownerOf(reread("my-key")), "one");
  EXPECT_EQ(view.readAt(), read + seconds(5));
}

TEST_F(ViewTest, letsGoOfDeadKeysWhenSwept) {
  KeyStore::View view(shared());
  std::weak_ptr<const crypto::Key> watch;
  {
    const auto key = fetch("my-key").get();
    ASSERT_TRUE(key);
    watch = *key;
  }
  ASSERT_EQ(ownerIn(view, "my-key"), "one");
  ASSERT_TRUE(remove("my-key").get());
  ASSERT_TRUE(settled());
  view.sweep();
  EXPECT_TRUE(eventually([&] { return watch.expired(); }));
}

TEST_F(ViewTest, countsItsHitsAlsoAfterItsEnd) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  {
    KeyStore::View view(shared());
    for (int i = 0; i < 5; ++i) ASSERT_NE(view.find("my-key"), nullptr);
    EXPECT_EQ(view.find("other"), nullptr);
    EXPECT_EQ(store().counters().hits, 5U);
    KeyStore::View moved(std::move(view));
    ASSERT_NE(moved.find("my-key"), nullptr);
  }
  EXPECT_EQ(store().counters().hits, 6U);
}

TEST_F(ViewTest, findsNothingInAClosedStore) {
  KeyStore::View view(shared());
  ASSERT_EQ(ownerOf("my-key"), "one");
  ASSERT_EQ(ownerIn(view, "my-key"), "one");
  EXPECT_EQ(store().close(base::SteadyClock::now() + kPatience), 0U);
  EXPECT_EQ(view.find("my-key"), nullptr);
}

}  // namespace
}  // namespace kes::keystore
