#include "http/slab_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace kes::http {
namespace {

struct Object {
  unsigned char* bytes;
  std::size_t size;
  unsigned char mark;

  [[nodiscard]] bool intact() const {
    for (std::size_t i = 0; i < size; ++i) {
      if (bytes[i] != mark) return false;
    }
    return true;
  }
};

TEST(SlabPool, keepsObjectsOfAllSizesApart) {
  SlabPool pool;
  std::mt19937 random(7);
  std::vector<Object> objects;
  for (int step = 0; step < 20'000; ++step) {
    if (objects.size() > 500 || (!objects.empty() && random() % 3 == 0)) {
      std::swap(objects[random() % objects.size()], objects.back());
      auto& object = objects.back();
      ASSERT_TRUE(object.intact());
      if (random() % 2 == 0) {
        const auto size = object.size + random() % 400;
        object.bytes = static_cast<unsigned char*>(pool.resize(object.bytes, size));
        std::memset(object.bytes + object.size, object.mark, size - object.size);
        object.size = size;
        continue;
      }
      pool.release(object.bytes);
      objects.pop_back();
      continue;
    }
    const std::size_t size = step % 50 == 0 ? random() % 70'000 : random() % 3000;
    auto* bytes = static_cast<unsigned char*>(pool.allocate(size));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % 16, 0U);
    objects.push_back({bytes, size, static_cast<unsigned char>(step)});
    std::memset(bytes, objects.back().mark, size);
  }
  for (auto& object : objects) {
    EXPECT_TRUE(object.intact());
    pool.release(object.bytes);
  }
}

TEST(SlabPool, givesEmptySlabsBack) {
  SlabPool pool;
  std::vector<void*> objects;
  for (int i = 0; i < 1000; ++i) objects.push_back(pool.allocate(16'394));
  const auto most = pool.reserved();
  EXPECT_GE(most, std::size_t(1000 * 16'394));

  for (void* object : objects) pool.release(object);
  EXPECT_LE(pool.reserved(), most / 50);
}

TEST(SlabPool, asksForNothingOnceWarm) {
  SlabPool pool;
  void* const stays = pool.allocate(100);
  const auto before = pool.reserved();
  for (int i = 0; i < 10'000; ++i) pool.release(pool.allocate(100));
  EXPECT_EQ(pool.reserved(), before);
  pool.release(stays);
}

TEST(SlabPool, beginsLargeObjectsOnAPage) {
  SlabPool pool;
  for (const std::size_t size : {std::size_t(16'394), std::size_t(300'000)}) {
    void* const object = pool.allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object) % 4096, 0U);
    pool.release(object);
  }
}

TEST(SlabPool, takesNullAsNothing) {
  SlabPool pool;
  pool.release(nullptr);
  void* const object = pool.resize(nullptr, 10);
  EXPECT_NE(object, nullptr);
  pool.release(object);
}

}  // namespace
}  // namespace kes::http
