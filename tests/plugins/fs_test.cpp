// What is particular to keys in files.
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "plugins/store_under_test.h"

namespace kes::test {
namespace {

using keystore::StoreError;
using testing::ElementsAre;
using testing::HasSubstr;

std::string contentOf(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

class FsStore : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<keystore::BlobStore> open(const std::filesystem::path& path) const {
    return mustOpen(settingsOf("fs", path.string()));
  }
  [[nodiscard]] static std::string refusalOf(const keystore::StoreSettings& settings) {
    const auto store = keystore::openPluginStore(settings);
    return store ? "opened" : store.error().message;
  }

  TempDir dir_;
};

TEST_F(FsStore, keepsAKeyAsAFileOfItsNameThatOnlyTheServerCanRead) {
  ASSERT_TRUE(open(dir_.path())->create("my-key", base::bytesOf("content"), soon()));
  EXPECT_EQ(contentOf(dir_ / "my-key"), "content");
  struct stat status{};
  ASSERT_EQ(::stat((dir_ / "my-key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(FsStore, leavesNothingBesideTheKeys) {
  const auto store = open(dir_.path());
  ASSERT_TRUE(store->create("my-key", base::bytesOf("x"), soon()));
  ASSERT_FALSE(store->create("my-key", base::bytesOf("y"), soon()));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, ElementsAre("my-key"));
}

TEST_F(FsStore, makesItsDirectoryWithAllAbove) {
  const auto path = dir_ / "a" / "b" / "keys";
  ASSERT_TRUE(open(path)->create("my-key", base::bytesOf("x"), soon()));
  EXPECT_EQ(contentOf(path / "my-key"), "x");
  const auto slashes = (dir_ / "a").string() + "//b/./keys/";
  EXPECT_THAT(namesIn(*open(slashes)), ElementsAre("my-key"));
}

TEST_F(FsStore, takesARelativePathFromTheWorkingDirectoryItWasOpenedIn) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  const auto store = open("keys");
  std::filesystem::current_path(before);
  ASSERT_TRUE(store->create("my-key", base::bytesOf("x"), soon()));
  EXPECT_EQ(contentOf(dir_ / "keys" / "my-key"), "x");
  EXPECT_EQ(store->description(), "Filesystem: keys");
}

TEST_F(FsStore, refusesAPathThatIsNoDirectory) {
  std::ofstream(dir_ / "file") << "x";
  auto settings = settingsOf("fs", (dir_ / "file").string());
  settings.locations.add("/path", {"kes.yml", 4, 11});
  EXPECT_THAT(refusalOf(settings), testing::StartsWith("kes.yml:4:11: key store fs: cannot be opened: "));
  EXPECT_THAT(refusalOf(settings), HasSubstr("is not a directory"));
  settings.configuration = R"({"path": ")" + (dir_ / "file" / "below").string() + R"("})";
  EXPECT_THAT(refusalOf(settings), HasSubstr("Not a directory"));
}

TEST_F(FsStore, refusesAConfigurationWithoutAPath) {
  auto settings = settingsOf("fs", "");
  EXPECT_THAT(refusalOf(settings), HasSubstr("(at /path)"));
  settings.configuration = "{}";
  EXPECT_THAT(refusalOf(settings), HasSubstr("Missing required property 'path'"));
}

TEST_F(FsStore, refusesNamesThatAreNoFileNamesOfOurs) {
  const auto store = open(dir_ / "keys");
  std::ofstream(dir_ / "outside") << "x";
  for (const std::string name :
       {"", ".", "..", ".my-key", "my.key", "/my-key", "\\my-key", "my-key/", "my/key", "./my-key",
        "./../my-key", "../outside", "my key", "my\nkey", "k\xc3\xa9y"}) {
    EXPECT_TRUE(failsWith(store->create(name, base::bytesOf("x"), soon()), StoreError::invalid)) << name;
    EXPECT_TRUE(failsWith(store->get(name, soon()), StoreError::invalid)) << name;
    EXPECT_TRUE(failsWith(store->remove(name, soon()), StoreError::invalid)) << name;
  }
  EXPECT_TRUE(
      failsWith(store->create(std::string("a\0b", 3), base::bytesOf("x"), soon()), StoreError::invalid));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "outside"));
}

TEST_F(FsStore, listsNothingThatIsNoKey) {
  std::ofstream(dir_ / "my-key") << "x";
  std::ofstream(dir_ / ".hidden") << "x";
  std::ofstream(dir_ / "notes.txt") << "x";
  std::ofstream(dir_ / "not\nours") << "x";
  std::ofstream(dir_ / "n\xffr") << "x";
  std::filesystem::create_directory(dir_ / "directory");
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("my-key", dir_ / "linked-key");
  std::filesystem::create_symlink("nowhere", dir_ / "broken-link");
  EXPECT_THAT(namesIn(*open(dir_.path())), ElementsAre("linked-key", "my-key"));
}

TEST_F(FsStore, readsNothingThatIsNoKey) {
  std::ofstream(dir_ / "empty");
  std::ofstream(dir_ / "huge") << std::string(1024 * 1024 + 1, 'x');
  std::filesystem::create_directory(dir_ / "directory");
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  const auto store = open(dir_.path());
  for (const char* name : {"empty", "huge", "directory", "fifo"}) {
    EXPECT_TRUE(failsWith(store->get(name, soon()), StoreError::corrupt)) << name;
    EXPECT_TRUE(failsWith(store->create(name, base::bytesOf("x"), soon()), StoreError::exists)) << name;
  }
  EXPECT_TRUE(failsWith(store->remove("directory", soon()), StoreError::corrupt));
}

TEST_F(FsStore, writesNothingToSayThatAKeyExists) {
  const auto store = open(dir_.path());
  ASSERT_TRUE(store->create("my-key", base::bytesOf("x"), soon()));
  // No file may grow: a full disk, as it were.
  ASSERT_EQ(::signal(SIGXFSZ, SIG_IGN), SIG_DFL);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto again = store->create("my-key", base::bytesOf("y"), soon());
  const auto other = store->create("other", base::bytesOf("y"), soon());
  ::setrlimit(RLIMIT_FSIZE, &before);
  (void)::signal(SIGXFSZ, SIG_DFL);
  EXPECT_TRUE(failsWith(again, StoreError::exists));
  EXPECT_TRUE(failsWith(other, StoreError::unavailable));
}

TEST_F(FsStore, listsMoreThanAPageInOrder) {
  constexpr int kCount = 10'000;
  for (int i = 0; i < kCount; ++i) std::ofstream(dir_ / ("key-" + std::to_string(i)));
  const auto store = open(dir_.path());
  std::vector<std::string> names;
  ASSERT_TRUE(store->list("", soon(), [&](std::string_view name) {
    names.emplace_back(name);
    return true;
  }));
  EXPECT_EQ(names.size(), kCount);
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(namesIn(*store, "key-99").size(), 111u);
}

TEST_F(FsStore, doesNotTakeAMissingDirectoryForMissingKeys) {
  const auto path = dir_ / "keys";
  const auto store = open(path);
  ASSERT_TRUE(store->create("my-key", base::bytesOf("x"), soon()));
  std::filesystem::rename(path, dir_ / "unmounted");
  EXPECT_TRUE(failsWith(store->get("my-key", soon()), StoreError::unavailable));
  EXPECT_TRUE(failsWith(store->remove("my-key", soon()), StoreError::unavailable));
  EXPECT_TRUE(failsWith(store->create("other", base::bytesOf("x"), soon()), StoreError::unavailable));
  EXPECT_TRUE(
      failsWith(store->list("", soon(), [](std::string_view) { return true; }), StoreError::unavailable));
  EXPECT_TRUE(failsWith(store->status(soon()), StoreError::unavailable));
  std::filesystem::rename(dir_ / "unmounted", path);
  EXPECT_TRUE(store->status(soon()));
  EXPECT_EQ(valueOf(store->get("my-key", soon())), "x");
}

TEST_F(FsStore, stopsReadingADirectoryWhenNobodyWaits) {
  std::ofstream(dir_ / "my-key") << "x";
  const auto store = open(dir_.path());
  const auto nobody = [](std::string_view) { return true; };
  const auto cancelled = std::make_shared<const std::atomic<bool>>(true);
  EXPECT_TRUE(failsWith(store->list("", {soon().deadline, 1, cancelled}, nobody), StoreError::timeout));
  EXPECT_TRUE(failsWith(store->list("", soon(std::chrono::seconds(0)), nobody), StoreError::timeout));
}

TEST_F(FsStore, sharesADirectoryWithOtherServers) {
  const auto one = open(dir_.path());
  const auto other = open(dir_.path());
  ASSERT_TRUE(one->create("my-key", base::bytesOf("x"), soon()));
  EXPECT_TRUE(failsWith(other->create("my-key", base::bytesOf("y"), soon()), StoreError::exists));
  EXPECT_EQ(valueOf(other->get("my-key", soon())), "x");
  ASSERT_TRUE(other->remove("my-key", soon()));
  EXPECT_TRUE(failsWith(one->get("my-key", soon()), StoreError::notFound));
}

// As when servers share a directory and reload their configuration meanwhile.
TEST_F(FsStore, losesNoKeyWhileStoresOpenAndClose) {
  constexpr int kServers = 4;
  constexpr int kKeys = 60;
  std::atomic<int> busy{kServers};
  std::vector<std::jthread> servers;
  for (int server = 0; server < kServers; ++server) {
    servers.emplace_back([&, server] {
      const auto store = open(dir_.path());
      for (int i = 0; i < kKeys; ++i) {
        const std::string name = "key-" + std::to_string(server) + "-" + std::to_string(i);
        EXPECT_TRUE(store->create(name, base::bytesOf(name), soon()));
      }
      --busy;
    });
  }
  while (busy > 0) open(dir_.path())->close();
  servers.clear();
  const auto store = open(dir_.path());
  const auto names = namesIn(*store);
  EXPECT_EQ(names.size(), kServers * kKeys);
  for (const std::string& name : names) EXPECT_EQ(valueOf(store->get(name, soon())), name);
}

}  // namespace
}  // namespace kes::test
