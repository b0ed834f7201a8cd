// The two ways of the fs plugin to create a file, and what a crash leaves of each.
#include "fs/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "support/temp_dir.h"

namespace kes::test {
namespace {

using fs::Code;
using Create = fs::Status (*)(const fs::File&, const std::string&, std::span<const std::uint8_t>);

std::span<const std::uint8_t> bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string contentOf(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return content.str();
}

std::vector<std::string> filesIn(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().filename());
  return names;
}

struct Way {
  const char* name;
  Create create;
};

void PrintTo(const Way& way, std::ostream* out) {
  *out << way.name;
}

class CreateFile : public testing::TestWithParam<Way> {
 protected:
  [[nodiscard]] fs::Status create(const std::string& name, const std::string& content) const {
    return GetParam().create(fs::openDirectory(dir_.path()), name, bytes(content));
  }

  TempDir dir_;
};

TEST_P(CreateFile, writesTheWholeFileForItsOwnerAlone) {
  const std::string content(200'000, 'x');
  ASSERT_TRUE(create("key", content).ok());
  EXPECT_TRUE(contentOf(dir_ / "key") == content);
  struct stat status{};
  ASSERT_EQ(::stat((dir_ / "key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_nlink, 1u);
}

TEST_P(CreateFile, leavesWhatIsThereAndNothingElse) {
  ASSERT_TRUE(create("key", "first").ok());
  EXPECT_EQ(create("key", "second").code(), Code::exists);
  EXPECT_EQ(contentOf(dir_ / "key"), "first");
  EXPECT_THAT(filesIn(dir_.path()), testing::ElementsAre("key"));
}

TEST_P(CreateFile, letsOneOfManyWin) {
  std::atomic<int> winners{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] { winners += create("key", std::to_string(i)).ok() ? 1 : 0; });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_THAT(filesIn(dir_.path()), testing::ElementsAre("key"));
}

TEST_P(CreateFile, leavesNothingWhenTheFileCannotBeWritten) {
  // A limit on the size of files stands for a full disk.
  ASSERT_EQ(::signal(SIGXFSZ, SIG_IGN), SIG_DFL);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tiny{1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tiny), 0);
  const fs::Status created = create("key", std::string(2000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(created.code(), Code::unavailable);
  EXPECT_TRUE(filesIn(dir_.path()).empty());
}

// The content of a key in the crash test: its name, many times over, so that half a file shows.
std::string contentFor(const std::string& name) {
  std::string content;
  while (content.size() < 20'000) content += name + "|";
  return content;
}

// Creates keys until it is killed; writes each name to `acknowledged` after the store said yes.
[[noreturn]] void createForever(Create create, const std::filesystem::path& path, int round,
                                int acknowledged) {
  const fs::File directory = fs::openDirectory(path);
  for (int i = 0;; ++i) {
    const std::string name = "key-" + std::to_string(round) + "-" + std::to_string(i);
    if (!create(directory, name, bytes(contentFor(name))).ok()) ::_exit(1);
    const std::string line = name + "\n";
    if (::write(acknowledged, line.data(), line.size()) < 0) ::_exit(1);
  }
}

// What a child said it had created before it was killed, after at least `enough` keys.
std::vector<std::string> createAndKill(Create create, const std::filesystem::path& path, int round,
                                       int enough) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) createForever(create, path, round, ends[1]);
  ::close(ends[1]);
  std::string text;
  char buffer[256];
  bool killed = false;
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
    if (!killed && std::ranges::count(text, '\n') >= enough) killed = ::kill(child, SIGKILL) == 0;
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string name; std::getline(lines, name);) names.push_back(name);
  return names;
}

TEST_P(CreateFile, survivesBeingKilledAtAnyMoment) {
  constexpr int kRounds = 40;
  for (int round = 0; round < kRounds; ++round) {
    const auto acknowledged = createAndKill(GetParam().create, dir_.path(), round, 1 + round % 5);
    EXPECT_GE(acknowledged.size(), 1u);
    for (const std::string& name : acknowledged) {
      EXPECT_TRUE(contentOf(dir_ / name) == contentFor(name)) << name << " was acknowledged";
    }
    // The one it was at is whole or its name is free.
    const std::string next = "key-" + std::to_string(round) + "-" + std::to_string(acknowledged.size());
    const fs::Status again = create(next, contentFor(next));
    EXPECT_TRUE(again.ok() || again.code() == Code::exists) << again.text();
  }
  for (const std::string& name : filesIn(dir_.path())) {
    if (name.starts_with('.')) continue;
    EXPECT_TRUE(contentOf(dir_ / name) == contentFor(name)) << name << " is half there";
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, CreateFile,
                         testing::Values(Way{"unnamed", fs::createUnnamed}, Way{"hidden", fs::createHidden}),
                         [](const auto& way) { return way.param.name; });

TEST(CreateUnnamed, leavesNotEvenAHiddenFileWhenKilled) {
  const TempDir dir;
  for (int round = 0; round < 10; ++round) createAndKill(fs::createUnnamed, dir.path(), round, 1);
  for (const std::string& name : filesIn(dir.path())) EXPECT_TRUE(name.starts_with("key-")) << name;
}

TEST(CreateUnnamed, saysSoWhereTheFileSystemCannot) {
  // proc has no files without a name; nor does it let anybody create one.
  EXPECT_NE(fs::createUnnamed(fs::openDirectory("/proc/self"), "key", bytes("x")).code(), Code::ok);
}

TEST(PublishByLink, givesAHiddenFileItsNameUnlessThatIsTaken) {
  const TempDir dir;
  const fs::File directory = fs::openDirectory(dir.path());
  std::ofstream(dir / ".first") << "first";
  EXPECT_EQ(fs::publishByLink(directory, ".first", "key"), 0);
  EXPECT_THAT(filesIn(dir.path()), testing::ElementsAre("key"));
  std::ofstream(dir / ".second") << "second";
  EXPECT_EQ(fs::publishByLink(directory, ".second", "key"), EEXIST);
  EXPECT_EQ(contentOf(dir / "key"), "first");
}

class Abandoned : public testing::Test {
 protected:
  void put(const std::string& name, std::chrono::minutes age) const {
    std::ofstream(dir_ / name) << "half";
    std::filesystem::last_write_time(dir_ / name, std::filesystem::file_time_type::clock::now() - age);
  }
  [[nodiscard]] bool isThere(const std::string& name) const { return std::filesystem::exists(dir_ / name); }
  void sweep() const { fs::removeAbandoned(dir_.path()); }

  TempDir dir_;
};

TEST_F(Abandoned, filesOfOursGoAfterAQuarterOfAnHour) {
  put(".kes-create-old", std::chrono::minutes(16));
  put(".kes-create-young", std::chrono::minutes(14));
  put(".kes-create-of-tomorrow", std::chrono::minutes(-1000));
  sweep();
  EXPECT_FALSE(isThere(".kes-create-old"));
  EXPECT_TRUE(isThere(".kes-create-young"));
  EXPECT_TRUE(isThere(".kes-create-of-tomorrow"));
}

TEST_F(Abandoned, filesOfOthersStay) {
  for (const char* name : {"my-key", ".hidden", "kes-create-old"}) put(name, std::chrono::hours(100));
  std::filesystem::create_directory(dir_ / ".kes-create-directory");
  std::filesystem::create_symlink("my-key", dir_ / ".kes-create-link");
  sweep();
  for (const char* name : {"my-key", ".hidden", "kes-create-old", ".kes-create-directory"}) {
    EXPECT_TRUE(isThere(name)) << name;
  }
  EXPECT_TRUE(std::filesystem::is_symlink(dir_ / ".kes-create-link"));
}

TEST_F(Abandoned, filesStayWhileSomebodyWritesThem) {
  put(".kes-create-locked", std::chrono::hours(1));
  {
    const fs::File writer(::open((dir_ / ".kes-create-locked").c_str(), O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::flock(writer.fd(), LOCK_EX), 0);
    sweep();
    EXPECT_TRUE(isThere(".kes-create-locked"));
  }
  sweep();
  EXPECT_FALSE(isThere(".kes-create-locked"));
}

TEST(FileError, tellsWhoseBusinessAFailureIs) {
  const std::pair<int, Code> cases[] = {
      {ENOSPC, Code::unavailable}, {EDQUOT, Code::unavailable}, {EROFS, Code::unavailable},
      {EIO, Code::unavailable},    {EMFILE, Code::unavailable}, {ENOENT, Code::unavailable},
      {EACCES, Code::denied},      {EPERM, Code::denied},       {ENAMETOOLONG, Code::invalid},
  };
  for (const auto& [error, code] : cases) EXPECT_EQ(fs::fileError(error, "write").code(), code) << error;
  EXPECT_EQ(fs::fileError(ENOSPC, "write").text(), "write: No space left on device");
}

TEST(KeyName, isNeitherHiddenNorAPath) {
  for (const char* name : {"my-key", "a", "_", "A-b_C", "!", "~"}) EXPECT_TRUE(fs::isKeyName(name)) << name;
  for (const char* name : {"", ".", "..", ".a", "a.b", "a/b", "a\\b", "a b", "a\tb", "\x7f", "\xc3\xa9"}) {
    EXPECT_FALSE(fs::isKeyName(name)) << name;
  }
  EXPECT_TRUE(fs::isKeyName(std::string(255, 'a')));
  EXPECT_FALSE(fs::isKeyName(std::string(256, 'a')));
}

}  // namespace
}  // namespace kes::test
