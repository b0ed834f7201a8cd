// What every store has to do, whatever is behind it.
#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include "plugins/store_under_test.h"

namespace kes::test {
namespace {

using keystore::StoreError;
using testing::ElementsAre;

class Store : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] std::unique_ptr<keystore::BlobStore> open() const {
    return mustOpen(settingsOf(GetParam(), dir_.path().string()));
  }

  TempDir dir_;
  std::unique_ptr<keystore::BlobStore> store_ = open();
};

TEST_P(Store, givesBackWhatWasCreated) {
  ASSERT_TRUE(store_->create("my-key", base::bytesOf("some bytes"), soon()));
  EXPECT_EQ(valueOf(store_->get("my-key", soon())), "some bytes");
}

TEST_P(Store, keepsEveryByteOfTheLargestValue) {
  std::string value(1024 * 1024, '\0');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 31 + i / 256);
  ASSERT_TRUE(store_->create("large", base::bytesOf(value), soon()));
  EXPECT_TRUE(valueOf(store_->get("large", soon())) == value);
}

TEST_P(Store, refusesAValueThatIsTooLargeOrEmpty) {
  const std::string tooLarge(1024 * 1024 + 1, 'x');
  EXPECT_TRUE(failsWith(store_->create("large", base::bytesOf(tooLarge), soon()), StoreError::invalid));
  EXPECT_TRUE(failsWith(store_->create("empty", base::bytesOf(""), soon()), StoreError::invalid));
  EXPECT_TRUE(namesIn(*store_).empty());
}

TEST_P(Store, doesNotOverwrite) {
  ASSERT_TRUE(store_->create("my-key", base::bytesOf("first"), soon()));
  EXPECT_TRUE(failsWith(store_->create("my-key", base::bytesOf("second"), soon()), StoreError::exists));
  EXPECT_EQ(valueOf(store_->get("my-key", soon())), "first");
}

TEST_P(Store, knowsWhatIsNotThere) {
  EXPECT_TRUE(failsWith(store_->get("my-key", soon()), StoreError::notFound));
  EXPECT_TRUE(failsWith(store_->remove("my-key", soon()), StoreError::notFound));
}

TEST_P(Store, forgetsWhatWasRemoved) {
  ASSERT_TRUE(store_->create("my-key", base::bytesOf("first"), soon()));
  ASSERT_TRUE(store_->remove("my-key", soon()));
  EXPECT_TRUE(failsWith(store_->get("my-key", soon()), StoreError::notFound));
  EXPECT_TRUE(failsWith(store_->remove("my-key", soon()), StoreError::notFound));
  EXPECT_TRUE(namesIn(*store_).empty());
  ASSERT_TRUE(store_->create("my-key", base::bytesOf("second"), soon()));
  EXPECT_EQ(valueOf(store_->get("my-key", soon())), "second");
}

TEST_P(Store, takesEveryNameAClientMayUse) {
  const std::vector<std::string> names = {"a", "0", "A-b_C", "_a", std::string(80, 'k')};
  for (const std::string& name : names) {
    ASSERT_TRUE(store_->create(name, base::bytesOf(name), soon())) << name;
    EXPECT_EQ(valueOf(store_->get(name, soon())), name);
  }
  EXPECT_THAT(namesIn(*store_), testing::UnorderedElementsAreArray(names));
}

TEST_P(Store, listsByPrefix) {
  for (const char* name : {"my-key", "my-key2", "0-key", "1-key"}) {
    ASSERT_TRUE(store_->create(name, base::bytesOf("x"), soon()));
  }
  EXPECT_THAT(namesIn(*store_), ElementsAre("0-key", "1-key", "my-key", "my-key2"));
  EXPECT_THAT(namesIn(*store_, "my"), ElementsAre("my-key", "my-key2"));
  EXPECT_THAT(namesIn(*store_, "my-key2"), ElementsAre("my-key2"));
  EXPECT_THAT(namesIn(*store_, "z"), ElementsAre());
}

TEST_P(Store, stopsListingWhenTold) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(store_->create(name, base::bytesOf("x"), soon()));
  int count = 0;
  ASSERT_TRUE(store_->list("", soon(), [&](std::string_view) { return ++count < 2; }));
  EXPECT_EQ(count, 2);
}

TEST_P(Store, letsExactlyOneOfManyCreatorsWin) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  std::atomic<int> winners{0};
  std::atomic<int> losers{0};
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string mine = "of " + std::to_string(thread);
      for (int round = 0; round < kRounds; ++round) {
        const std::string name = "key-" + std::to_string(round);
        start.arrive_and_wait();
        const auto created = store_->create(name, base::bytesOf(mine), soon());
        if (created) {
          ++winners;
          EXPECT_EQ(valueOf(store_->get(name, soon())), mine);
        }
        if (failsWith(created, StoreError::exists)) ++losers;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(winners, kRounds);
  EXPECT_EQ(losers, kRounds * (kThreads - 1));
}

TEST_P(Store, servesReadersWhileKeysComeAndGo) {
  ASSERT_TRUE(store_->create("stays", base::bytesOf("here"), soon()));
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      EXPECT_TRUE(store_->create("comes", base::bytesOf("whole"), soon()));
      EXPECT_TRUE(store_->remove("comes", soon()));
    }
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(valueOf(store_->get("stays", soon())), "here");
    EXPECT_EQ(namesIn(*store_, "stays").size(), 1u);
    const auto comes = store_->get("comes", soon());
    EXPECT_TRUE(comes ? valueOf(comes) == "whole" : failsWith(comes, StoreError::notFound));
  }
}

TEST_P(Store, opensASecondTimeBeforeTheFirstIsClosed) {
  auto second = open();
  ASSERT_TRUE(second->create("of-the-second", base::bytesOf("2"), soon()));
  ASSERT_TRUE(store_->create("of-the-first", base::bytesOf("1"), soon()));
  store_->close();
  EXPECT_EQ(valueOf(second->get("of-the-second", soon())), "2");
  EXPECT_TRUE(second->status(soon()));
}

TEST_P(Store, saysItIsWell) {
  const auto latency = store_->status(soon());
  ASSERT_TRUE(latency);
  EXPECT_GE(latency->count(), 0);
}

TEST_P(Store, promisesAnAtomicCreate) {
  EXPECT_TRUE(store_->atomicCreate());
  EXPECT_FALSE(store_->serial());
}

TEST_P(Store, describesItself) {
  EXPECT_EQ(store_->description(), GetParam() == "fs" ? "Filesystem: " + dir_.path().string() : "In Memory");
}

INSTANTIATE_TEST_SUITE_P(Plugins, Store, testing::Values("fs", "mem"),
                         [](const auto& plugin) { return plugin.param; });

}  // namespace
}  // namespace kes::test
