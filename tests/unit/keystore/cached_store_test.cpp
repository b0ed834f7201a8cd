// Creating, deleting and listing keys, and limits.

#include "keystore/cached_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

class CreateTest : public CachedStoreTest {};

TEST_F(CreateTest, storesTheKeyInItsCurrentFormAndDoesNotCacheIt) {
  EXPECT_TRUE(create("my-key", "one").get());
  const auto blob = backend->find("my-key");
  ASSERT_TRUE(blob);
  const auto stored = crypto::decodeStoredKey(base::bytesOf(*blob));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->createdBy, "one");
  EXPECT_EQ(store().counters().entries, 0U);
  EXPECT_EQ(gets(), 0) << "an atomic create needs no reading back";
}

TEST_F(CreateTest, doesNotReplaceAKey) {
  backend->put("my-key", blobOf("first"));
  EXPECT_EQ(create("my-key", "second").error(), ErrorCode::keyExists);
  EXPECT_EQ(ownerOf("my-key"), "first");
}

TEST_F(CreateTest, dropsAStaleKeyBeforeItAnswers) {
  backend->put("my-key", blobOf("old"));
  ASSERT_EQ(ownerOf("my-key"), "old");
  backend->erase("my-key");  // elsewhere
  ASSERT_TRUE(create("my-key", "new").get());
  EXPECT_EQ(ownerOf("my-key"), "new");
}

TEST_F(CreateTest, neverWritesAKeyThatOthersCouldNotRead) {
  auto key = crypto::generateKey("one");
  key.hmacKey.reset();
  Answer<void> answer;
  store().create("my-key", std::move(key), call(), answer.done());
  EXPECT_EQ(answer.error(), ErrorCode::createFailed);
  EXPECT_EQ(backend->calls(Operation::create), 0);
}

TEST_F(CreateTest, isReadBackWhenTheStoreCannotTellWhetherItHappened) {
  for (const auto doubt : {StoreError::outcomeUnknown, StoreError::timeout}) {
    backend->after = [&](Operation operation, const auto&, const auto&) -> std::optional<StoreFailure> {
      if (operation != Operation::create) return std::nullopt;
      return StoreFailure{doubt, {}};
    };
    backend->erase("my-key");
    EXPECT_TRUE(create("my-key", "one").get()) << "its own blob is there";

    backend->erase("my-key");
    backend->after = nullptr;
    backend->before = [&](Operation operation, const auto&, const auto&) -> std::optional<StoreFailure> {
      if (operation != Operation::create) return std::nullopt;
      backend->put("my-key", blobOf("somebody else"));
      return StoreFailure{doubt, {}};
    };
    EXPECT_EQ(create("my-key", "one").error(), ErrorCode::keyExists);

    backend->before = [&](Operation operation, const auto&, const auto&) -> std::optional<StoreFailure> {
      backend->erase("my-key");
      if (operation != Operation::create) return std::nullopt;
      return StoreFailure{doubt, {}};
    };
    EXPECT_EQ(create("my-key", "one").error(), ErrorCode::outcomeUnknown);
    ASSERT_TRUE(settled());
    backend->before = nullptr;
  }
}

TEST_F(CreateTest, isReadBackWhereTwoCreatesCouldBothWin) {
  backend->atomicCreate = false;
  EXPECT_TRUE(create("my-key", "one").get());
  EXPECT_EQ(gets(), 1);

  ASSERT_TRUE(settled());
  backend->after = [&](Operation operation, const auto&, const auto&) -> std::optional<StoreFailure> {
    if (operation == Operation::create) backend->put("other", blobOf("who came second"));
    return std::nullopt;
  };
  EXPECT_EQ(create("other", "one").error(), ErrorCode::keyExists);

  fail(Operation::get, StoreError::unavailable);
  EXPECT_EQ(create("third", "one").error(), ErrorCode::outcomeUnknown);
}

TEST_F(CreateTest, isNotCalledOffWhenTheClientGoes) {
  hold(Operation::create);
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  std::atomic<bool> mayBeCancelled{true};
  backend->before = [&, scripted = backend->before](auto operation, const auto& name, const Call& sent) {
    mayBeCancelled = sent.cancelled != nullptr;
    return scripted(operation, name, sent);
  };
  const auto answer = create("my-key", "one", Call{clock.now() + seconds(15), 1, gone});
  *gone = true;
  store().keepHouse();
  gate.open();
  EXPECT_TRUE(answer.get());
  EXPECT_FALSE(mayBeCancelled);
}

TEST_F(CreateTest, hasItsEffectAlsoAfterTheDeadline) {
  backend->put("my-key", blobOf("old"));
  ASSERT_EQ(ownerOf("my-key"), "old");
  backend->erase("my-key");
  hold(Operation::create);
  const auto answer = create("my-key", "new", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  clock.advance(seconds(2));
  store().keepHouse();
  EXPECT_EQ(store().counters().stuck, 1U);
  gate.open();
  EXPECT_TRUE(answer.get());
  EXPECT_EQ(ownerOf("my-key"), "new");
}

class RemoveTest : public CachedStoreTest {
 protected:
  RemoveTest() { backend->put("my-key", blobOf("one")); }
};

TEST_F(RemoveTest, dropsTheCachedKeyBeforeItAnswers) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  std::size_t entriesAtAnswer = 99;
  Answer<void> answer;
  store().remove("my-key", call(), [&, done = answer.done()](auto result) mutable {
    entriesAtAnswer = store().counters().entries;
    done(std::move(result));
  });
  ASSERT_TRUE(answer.get());
  EXPECT_EQ(entriesAtAnswer, 0U);
  EXPECT_EQ(fetch("my-key").error(), ErrorCode::keyNotFound);
}

TEST_F(RemoveTest, dropsTheCachedKeyWheneverItMayBeGone) {
  struct Case {
    std::optional<StoreError> error;
    std::optional<ErrorCode> answer;
    bool isDropped;
  };
  for (const auto& [error, answer, isDropped] : {
           Case{std::nullopt, std::nullopt, true},
           Case{StoreError::notFound, ErrorCode::keyNotFound, true},
           Case{StoreError::outcomeUnknown, ErrorCode::outcomeUnknown, true},
           Case{StoreError::timeout, ErrorCode::outcomeUnknown, true},
           Case{StoreError::denied, ErrorCode::deleteFailed, false},
           Case{StoreError::unavailable, ErrorCode::deleteFailed, false},
           Case{StoreError::internal, ErrorCode::deleteFailed, false},
       }) {
    backend->put("my-key", blobOf("one"));
    ASSERT_EQ(ownerOf("my-key"), "one");
    fail(Operation::remove, error);
    EXPECT_EQ(remove("my-key").error(), answer);
    EXPECT_EQ(store().counters().entries, isDropped ? 0U : 1U);
  }
}

TEST_F(RemoveTest, isNotUndoneByAReadThatRacesWithIt) {
  // The read has the key in hand when the delete happens.
  backend->after = [this](Operation operation, const auto&, const auto&) -> std::optional<StoreFailure> {
    if (operation == Operation::get && gets() == 1) gate.pass();
    return std::nullopt;
  };
  const auto racing = fetch("my-key");
  ASSERT_TRUE(gate.awaitArrivals(1));
  ASSERT_TRUE(remove("my-key").get());

  EXPECT_EQ(fetch("my-key").error(), ErrorCode::keyNotFound)
      << "who asks after the delete joins no older read";
  gate.open();
  EXPECT_EQ(ownerOf(racing), "one") << "who asked before may see either";
  EXPECT_EQ(store().counters().entries, 0U);
  EXPECT_EQ(fetch("my-key").error(), ErrorCode::keyNotFound);
}

TEST_F(RemoveTest, dropsTheCachedKeyAlsoWhenItsAnswerIsLate) {
  ASSERT_EQ(ownerOf("my-key"), "one");
  hold(Operation::remove);
  const auto answer = remove("my-key", call(seconds(1)));
  ASSERT_TRUE(gate.awaitArrivals(1));
  clock.advance(seconds(2));
  store().keepHouse();
  EXPECT_EQ(ownerOf("my-key"), "one") << "it has not happened yet";
  gate.open();
  EXPECT_TRUE(answer.get());
  EXPECT_EQ(fetch("my-key").error(), ErrorCode::keyNotFound);
}

class ListTest : public CachedStoreTest {
 protected:
  void putAll(std::initializer_list<const char*> names) {
    for (const char* const name : names) backend->put(name, "x");
  }
};

TEST_F(ListTest, givesNamesInBytewiseOrder) {
  putAll({"my-key", "my-key2", "0-key", "Zz", "1-key", "_a"});
  const auto listing = list("").get();
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->names, (std::vector<std::string>{"0-key", "1-key", "Zz", "_a", "my-key", "my-key2"}));
  EXPECT_EQ(listing->continueAt, "");
}

TEST_F(ListTest, keepsToThePrefixAndToTheStart) {
  putAll({"a", "ab", "abc", "abd", "b"});
  EXPECT_EQ(list("ab").get()->names, (std::vector<std::string>{"ab", "abc", "abd"}));
  EXPECT_EQ(list("ab", "abc").get()->names, (std::vector<std::string>{"abc", "abd"}));
  EXPECT_EQ(list("", "abz").get()->names, (std::vector<std::string>{"b"}));
  EXPECT_EQ(list("x").get()->names, std::vector<std::string>());
}

TEST_F(ListTest, leavesOutWhatCannotBeAKey) {
  putAll({"key", ".hidden", "a b", "-x", "_", "a/b"});
  backend->put(std::string(81, 'x'), "x");
  EXPECT_EQ(list("").get()->names, (std::vector<std::string>{"key"}));
}

TEST_F(ListTest, fitsItsPagesIntoTheGivenSizeAndMissesNothing) {
  std::vector<std::string> all;
  for (int i = 0; i < 500; ++i)
    all.push_back("key" + std::string(static_cast<std::size_t>(i % 60), 'x') + std::to_string(i));
  for (const auto& name : all) backend->put(name, "x");
  std::ranges::sort(all);
  for (const std::size_t maxBytes : {0U, 250U, 1000U, 5000U, 100000U}) {
    std::vector<std::string> seen;
    std::string startAt;
    do {
      const auto page = list("key", startAt, maxBytes).get();
      ASSERT_TRUE(page);
      ASSERT_FALSE(page->names.empty()) << "a page brings the listing forward";
      std::string json = R"({"names":[)";
      for (const auto& name : page->names) json += '"' + name + "\",";
      json += R"(],"continue_at":"key*)" + page->continueAt + "\"}";
      if (page->names.size() > 1) {
        EXPECT_LE(json.size(), maxBytes);
      }
      seen.insert(seen.end(), page->names.begin(), page->names.end());
      startAt = page->continueAt;
    } while (!startAt.empty());
    EXPECT_EQ(seen, all) << maxBytes;
  }
}

TEST_F(ListTest, passesFailuresOnAsAFailedListing) {
  for (const auto error : {StoreError::denied, StoreError::unavailable, StoreError::internal}) {
    fail(Operation::list, error);
    const auto result = list("").get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), ErrorCode::listFailed);
    EXPECT_TRUE(result.error().cause().ends_with("as scripted")) << result.error().cause();
  }
}

TEST_F(CachedStoreTest, mapsFailuresToWhatClientsMaySee) {
  struct Case {
    StoreError error;
    ErrorCode read, create, remove, status;
  };
  using enum ErrorCode;
  for (const auto& c : {
           Case{StoreError::exists, readFailed, keyExists, deleteFailed, storeUnavailable},
           Case{StoreError::notFound, keyNotFound, createFailed, keyNotFound, storeUnavailable},
           Case{StoreError::denied, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::invalid, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::unavailable, readFailed, createFailed, deleteFailed, storeUnreachable},
           Case{StoreError::timeout, readFailed, outcomeUnknown, outcomeUnknown, storeUnreachable},
           Case{StoreError::throttled, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::conflict, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::unsupported, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::corrupt, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::internal, readFailed, createFailed, deleteFailed, storeUnavailable},
           Case{StoreError::outcomeUnknown, readFailed, outcomeUnknown, outcomeUnknown, storeUnavailable},
       }) {
    SCOPED_TRACE(static_cast<int>(c.error));
    const auto failing = [&](Operation operation, auto ask) {
      EXPECT_TRUE(list("").get()) << "keeps it from going offline";
      fail(operation, c.error);
      const auto answer = ask().error();
      fail(operation, std::nullopt);
      return answer;
    };
    EXPECT_EQ(failing(Operation::get, [&] { return fetch("key"); }), c.read);
    EXPECT_EQ(failing(Operation::create, [&] { return create("key", "me"); }), c.create);
    EXPECT_EQ(failing(Operation::remove, [&] { return remove("key"); }), c.remove);
    EXPECT_EQ(failing(Operation::status, [&] { return status(); }), c.status);
  }
}

TEST_F(CachedStoreTest, survivesAStoreThatThrows) {
  backend->before = [](auto, const auto&, const auto&) -> std::optional<StoreFailure> {
    throw std::runtime_error("a bug");
  };
  EXPECT_EQ(fetch("key").error(), ErrorCode::readFailed);
  EXPECT_EQ(create("key", "me").error(), ErrorCode::outcomeUnknown);
  EXPECT_EQ(remove("key").error(), ErrorCode::outcomeUnknown);
  EXPECT_EQ(list("").error(), ErrorCode::listFailed);
  EXPECT_EQ(status().error(), ErrorCode::storeUnavailable);
}

TEST_F(CachedStoreTest, tellsHowLongTheStoreTookAndWhereItIs) {
  EXPECT_EQ(status().get().value_or(seconds(0)), milliseconds(3));
  EXPECT_EQ(store().description(), "Scripted: here");
}

TEST_F(CachedStoreTest, hasOneCallAtATimeInsideASerialStore) {
  backend->serial = true;
  std::vector<Answer<void>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(create("key-" + std::to_string(i), "me"));
  for (const auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(backend->mostInside(), 1);
}

class LimitsTest : public CachedStoreTest {
 protected:
  LimitsTest() {
    settings.workers.threads = 1;
    settings.workers.queue = 1;
    backend->put("my-key", blobOf("one"));
  }
  // One call inside and as many queued as there is room for.
  void fill() {
    hold(Operation::list);
    inside = list("");
    ASSERT_TRUE(gate.awaitArrivals(1));
  }
  Answer<Listing> inside;
};

TEST_F(LimitsTest, sendsNothingWhenTheQueueIsFullAndSaysWhenToComeBack) {
  fill();
  const auto queued = list("");
  const auto refusedFetch = fetch("my-key").get();
  ASSERT_FALSE(refusedFetch);
  EXPECT_EQ(refusedFetch.error().code(), ErrorCode::overloaded);
  EXPECT_EQ(refusedFetch.error().retryAfter(), seconds(1));
  EXPECT_EQ(create("other", "me").error(), ErrorCode::overloaded);
  EXPECT_EQ(remove("my-key").error(), ErrorCode::overloaded);
  EXPECT_EQ(status().error(), ErrorCode::overloaded);
  EXPECT_EQ(store().counters().queued, 1U);
  EXPECT_EQ(store().counters().running, 1U);
  EXPECT_EQ(store().counters().waited, 1U);
  EXPECT_EQ(store().counters().refused, 4U);
  gate.open();
  EXPECT_TRUE(queued.get());
  ASSERT_TRUE(settled());
  EXPECT_EQ(gets() + backend->calls(Operation::create) + backend->calls(Operation::remove), 0);
  EXPECT_EQ(ownerOf("my-key"), "one") << "a refused read leaves nothing behind";
}

TEST_F(LimitsTest, sendsNothingThatIsTooLate) {
  for (const bool swept : {false, true}) {
    Gate again;
    hold(Operation::list, again);
    const auto first = list("");
    ASSERT_TRUE(again.awaitArrivals(1));
    const auto late = swept ? create("late", "me", call(seconds(1))) : remove("my-key", call(seconds(1)));
    clock.advance(seconds(1));
    if (swept) {
      store().keepHouse();
      EXPECT_EQ(late.error(), ErrorCode::overloaded) << "even while the only thread is taken";
    }
    again.open();
    EXPECT_EQ(late.error(), ErrorCode::overloaded);
    ASSERT_TRUE(settled());
  }
  EXPECT_EQ(backend->calls(Operation::create) + backend->calls(Operation::remove), 0);
}

TEST_F(LimitsTest, doesNotReadForThoseWhoHaveGone) {
  fill();
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  const auto answer = fetch("my-key", Call{clock.now() + seconds(15), 1, gone});
  *gone = true;
  gate.open();
  EXPECT_EQ(answer.error(), ErrorCode::outcomeUnknown);
  ASSERT_TRUE(settled());
  EXPECT_EQ(gets(), 0);
}

}  // namespace
}  // namespace kes::keystore
