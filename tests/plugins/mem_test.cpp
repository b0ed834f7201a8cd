// What is particular to keys in memory.
#include "plugins/store_under_test.h"

namespace kes::test {
namespace {

TEST(MemStore, listsMoreThanAPage) {
  const auto store = mustOpen(settingsOf("mem", ""));
  constexpr int kCount = 2500;
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(store->create("key-" + std::to_string(i), base::bytesOf("x"), soon()));
  }
  EXPECT_EQ(namesIn(*store).size(), kCount);
  EXPECT_EQ(namesIn(*store, "key-1").size(), 1111u);
}

TEST(MemStore, startsEmptyEachTime) {
  ASSERT_TRUE(mustOpen(settingsOf("mem", ""))->create("my-key", base::bytesOf("x"), soon()));
  EXPECT_TRUE(namesIn(*mustOpen(settingsOf("mem", ""))).empty());
}

TEST(MemStore, keepsItsKeysInTheHostsSecretMemoryAndGivesItBack) {
  const std::size_t before = base::arenaStatus().bytesInUse;
  auto store = mustOpen(settingsOf("mem", ""));
  const std::string value(50'000, 'v');
  ASSERT_TRUE(store->create("my-key", base::bytesOf(value), soon()));
  EXPECT_EQ(base::arenaStatus().bytesInUse, before + value.size());
  ASSERT_TRUE(store->remove("my-key", soon()));
  EXPECT_EQ(base::arenaStatus().bytesInUse, before);
  ASSERT_TRUE(store->create("my-key", base::bytesOf(value), soon()));
  store->close();
  EXPECT_EQ(base::arenaStatus().bytesInUse, before);
}

TEST(MemStore, takesNoSettings) {
  auto settings = settingsOf("mem", "");
  for (const char* configuration : {"", "null", "{}"}) {
    settings.configuration = configuration;
    EXPECT_TRUE(keystore::openPluginStore(settings)) << configuration;
  }
  settings.configuration = R"({"path": "/"})";
  EXPECT_FALSE(keystore::openPluginStore(settings));
}

}  // namespace
}  // namespace kes::test
