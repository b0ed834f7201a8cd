#include "server/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "server_files.h"

namespace kes::server {
namespace {

namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, std::string_view text) const { writeFile(folder_ / name, text); }

  test::TempDir folder_;
};

TEST_F(FileWatchTest, isQuietWhileNothingChanges) {
  put("a", "one");
  FileWatch watch({path("a"), path("missing")});
  EXPECT_FALSE(watch.changed());
  EXPECT_FALSE(watch.changed());
}

TEST_F(FileWatchTest, tellsOnceWhenAChangeHasSettled) {
  put("a", "one");
  put("b", "one");
  FileWatch watch({path("a"), path("b")});
  put("a", "three");
  EXPECT_FALSE(watch.changed()) << "its key may still be on the way";
  put("b", "three");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.changed());
}

TEST_F(FileWatchTest, seesReplacedFilesOfTheSameSize) {
  put("a", "one");
  FileWatch watch({path("a")});
  put("a.new", "two");
  fs::rename(folder_ / "a.new", folder_ / "a");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
}

TEST_F(FileWatchTest, seesLinksThatLeadElsewhere) {
  fs::create_directory(folder_ / "one");
  fs::create_directory(folder_ / "two");
  put("one/a", "same");
  put("two/a", "same");
  fs::create_directory_symlink("one", folder_ / "data");
  FileWatch watch({path("data/a")});
  fs::create_directory_symlink("two", folder_ / "data.new");
  fs::rename(folder_ / "data.new", folder_ / "data");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
}

TEST_F(FileWatchTest, seesFilesComeAndGo) {
  put("a", "one");
  FileWatch watch({path("a")});
  fs::remove(folder_ / "a");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
  put("a", "one");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
}

TEST_F(FileWatchTest, looksIntoDirectories) {
  fs::create_directory(folder_ / "ca.d");
  put("ca.d/one", "1");
  FileWatch watch({path("ca.d")});
  put("ca.d/one", "22");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
  put("ca.d/two", "2");
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed());
}

}  // namespace
}  // namespace kes::server
