#include "server/record_buffers.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace kes::server {
namespace {

TEST(RecordBuffers, areForTheSizesOfRecordsOnly) {
  EXPECT_FALSE(RecordBuffers::fits(16 * 1024));
  EXPECT_TRUE(RecordBuffers::fits(16 * 1024 + 5));
  EXPECT_TRUE(RecordBuffers::fits(RecordBuffers::kSlot));
  EXPECT_FALSE(RecordBuffers::fits(RecordBuffers::kSlot + 1));
}

TEST(RecordBuffers, areZeroHoweverOftenTheyWereUsed) {
  RecordBuffers buffers;
  for (int i = 0; i < 3; ++i) {
    auto* const bytes = static_cast<unsigned char*>(buffers.take());
    ASSERT_NE(bytes, nullptr);
    EXPECT_TRUE(std::all_of(bytes, bytes + RecordBuffers::kSlot, [](unsigned char b) { return b == 0; }));
    std::memset(bytes, 0xA5, RecordBuffers::kSlot);
    buffers.give(bytes);
  }
}

TEST(RecordBuffers, giveTheirMemoryBackButForAFew) {
  RecordBuffers buffers;
  std::vector<unsigned char*> taken;
  for (std::size_t i = 0; i <= RecordBuffers::kWarm; ++i) {
    taken.push_back(static_cast<unsigned char*>(buffers.take()));
    std::memset(taken.back(), 1, RecordBuffers::kSlot);
  }
  for (auto* const bytes : taken) buffers.give(bytes);

  const auto isThere = [](unsigned char* bytes) {
    unsigned char pages[RecordBuffers::kSlot / 4096] = {};
    EXPECT_EQ(::mincore(bytes, RecordBuffers::kSlot, pages), 0);
    return std::ranges::any_of(pages, [](unsigned char page) { return (page & 1) == 1; });
  };
  EXPECT_TRUE(isThere(taken.front()));
  EXPECT_FALSE(isThere(taken.back()));
}

TEST(RecordBuffers, knowTheirOwn) {
  RecordBuffers buffers;
  void* const mine = buffers.take();
  int other = 0;
  EXPECT_TRUE(buffers.owns(mine));
  EXPECT_FALSE(buffers.owns(&other));
  EXPECT_FALSE(buffers.owns(nullptr));
  buffers.give(mine);
}

TEST(RecordBuffers, areNeverGivenToTwo) {
  RecordBuffers buffers;
  std::vector<std::set<void*>> taken(4);
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        mine.insert(buffers.take());
        if (i % 3 != 0) continue;
        buffers.give(*mine.begin());
        mine.erase(mine.begin());
      }
    });
  }
  for (auto& thread : threads) thread.join();

  std::set<void*> all;
  std::size_t count = 0;
  for (const auto& mine : taken) {
    all.insert(mine.begin(), mine.end());
    count += mine.size();
  }
  EXPECT_EQ(all.size(), count);
}

}  // namespace
}  // namespace kes::server
