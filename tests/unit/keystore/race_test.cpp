// Many threads at once, against what must be true whatever the order of things.

#include <gtest/gtest.h>

#include <random>

#include "unit/keystore/scripted_store.h"

namespace kes::keystore {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kThreads = 6;
constexpr int kRounds = 400;

class RaceTest : public CachedStoreTest {
 protected:
  RaceTest() {
    settings.now = &base::SteadyClock::now;
    settings.housekeeper = true;
    settings.cache = {.any = milliseconds(200),
                      .unused = milliseconds(100),
                      .offline = seconds(0),
                      .revalidate = milliseconds(20)};
  }
  // The body runs on each of a number of threads.
  static void together(int threads, const std::function<void(int)>& body) {
    std::vector<std::jthread> running;
    running.reserve(static_cast<std::size_t>(threads));
    for (int i = 0; i < threads; ++i) running.emplace_back([&body, i] { body(i); });
  }
  [[nodiscard]] static Call soon() { return {base::SteadyClock::now() + kPatience, 0, nullptr}; }
};

// The only one who creates and deletes a name knows what it must see.
TEST_F(RaceTest, everyOwnerSeesItsOwnKeysAsItLeftThem) {
  (void)store();
  together(kThreads, [&](int me) {
    std::mt19937 random(static_cast<unsigned>(me));
    KeyStore::View view(shared());
    const std::string name = "key-" + std::to_string(me);
    std::string owner;  // of the key that is there, empty for none
    for (int round = 0; round < kRounds; ++round) {
      const std::string maker = "maker-" + std::to_string(round);
      switch (random() % 5) {
        case 0: {
          const auto error = create(name, maker, soon()).error();
          ASSERT_EQ(error, owner.empty() ? std::nullopt : std::optional(ErrorCode::keyExists));
          if (!error) owner = maker;
          break;
        }
        case 1: {
          const auto error = remove(name, soon()).error();
          ASSERT_EQ(error, owner.empty() ? std::optional(ErrorCode::keyNotFound) : std::nullopt);
          owner.clear();
          break;
        }
        case 2:
          ASSERT_EQ(ownerOf(reread(name, soon())), owner);
          break;
        default: {
          const auto* const key = view.find(name);
          if (key != nullptr) {
            ASSERT_EQ(key->createdBy(), owner);
          } else {
            ASSERT_EQ(ownerOf(fetch(name, soon())), owner);
          }
        }
      }
      if (round % 16 == 0) view.sweep();
    }
  });
}

// Many who fight over few names, with a store that fails now and then: every call is answered exactly once,
// and a key is only ever seen that was created and not deleted before the question.
TEST_F(RaceTest, aDeletedKeyIsNeverSeenAgain) {
  std::atomic<unsigned> count{0};
  backend->after = [&](Operation, const auto&, const auto&) -> std::optional<StoreFailure> {
    const unsigned n = ++count;
    if (n % 97 == 0) return StoreFailure{StoreError::outcomeUnknown, {}};
    if (n % 31 == 0) return StoreFailure{StoreError::internal, {}};
    return std::nullopt;
  };
  // Makers are numbered in the order of creation; up to which number the keys of a name are deleted for good.
  std::array<std::atomic<int>, 3> deletedUpTo{};
  std::array<std::mutex, 3> changing;
  std::atomic<int> makers{0};
  (void)store();
  together(kThreads, [&](int me) {
    std::mt19937 random(static_cast<unsigned>(me));
    KeyStore::View view(shared());
    for (int round = 0; round < kRounds; ++round) {
      const std::size_t which = random() % 3;
      const std::string name = "key-" + std::to_string(which);
      const auto action = random() % 10;
      if (action == 0) {
        const std::lock_guard lock(changing[which]);
        const auto answer = create(name, std::to_string(++makers), soon());
        (void)answer.get();
        ASSERT_EQ(answer.times(), 1);
      } else if (action == 1) {
        const std::lock_guard lock(changing[which]);
        const int newest = makers;
        if (remove(name, soon()).get()) deletedUpTo[which] = newest;
      } else {
        const int gone = deletedUpTo[which];
        std::string seen;
        if (const auto* const key = view.find(name); key != nullptr) {
          seen = key->createdBy();
        } else {
          const auto answer = action < 5 ? reread(name, soon()) : fetch(name, soon());
          seen = ownerOf(answer);
          ASSERT_EQ(answer.times(), 1);
        }
        if (!seen.empty()) {
          ASSERT_GT(std::stoi(seen), gone) << "deleted before it was asked for";
        }
      }
      if (round % 16 == 0) view.sweep();
    }
  });
}

TEST_F(RaceTest, everyCallIsAnsweredOnceWhenTheStoreIsClosedUnderIt) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 3; ++i) backend->put("key-" + std::to_string(i), blobOf("one"));
    std::vector<std::vector<Answer<KeyPtr>>> reads(kThreads);
    std::vector<std::vector<Answer<void>>> writes(kThreads);
    (void)store();
    together(kThreads + 1, [&](int me) {
      if (me == kThreads) {
        EXPECT_EQ(store().close(base::SteadyClock::now() + kPatience), 0U);
        return;
      }
      const auto mine = static_cast<std::size_t>(me);
      for (int i = 0; i < 50; ++i) {
        reads[mine].push_back(fetch("key-" + std::to_string(i % 3), soon()));
        writes[mine].push_back(i % 2 == 0 ? remove("key-0", soon()) : create("key-0", "me", soon()));
      }
    });
    for (const auto& some : reads) {
      for (const auto& answer : some) ASSERT_EQ(answer.times(), 1);
    }
    for (const auto& some : writes) {
      for (const auto& answer : some) ASSERT_EQ(answer.times(), 1);
    }
    letGo();
    backend = std::make_shared<Backend>();
  }
}

}  // namespace
}  // namespace kes::keystore
