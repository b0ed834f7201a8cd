#include "base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "base/bytes.h"

namespace kes::base {
namespace {

class ReadFile : public ::testing::Test {
 protected:
  ReadFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kes-file-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  ~ReadFile() override { std::filesystem::remove_all(dir_); }

  [[nodiscard]] std::string write(const std::string& content) const {
    const auto file = dir_ / "file";
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }

  std::filesystem::path dir_;
};

TEST_F(ReadFile, takesFilesOfEverySizeUpToTheLimit) {
  constexpr std::size_t kLimit = 100'000;
  for (const std::size_t size : {0UZ, 1UZ, 16'383UZ, 16'384UZ, 16'385UZ, 65'536UZ, kLimit}) {
    std::string content(size, 'x');
    if (size != 0) content.back() = '\n';
    const auto read = readFile(write(content), kLimit);
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(textOf(read->reveal()), content) << size;
  }
  const auto larger = readFile(write(std::string(kLimit + 1, 'x')), kLimit);
  ASSERT_FALSE(larger);
  EXPECT_EQ(larger.error(), std::errc::file_too_large);
}

TEST_F(ReadFile, takesAPipeAsItComes) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::thread writer([&] {
    for (const char* part : {"one", "two"}) ASSERT_EQ(::write(ends[1], part, 3), 3);
    ::close(ends[1]);
  });
  const auto read = readFile("/proc/self/fd/" + std::to_string(ends[0]), 100);
  writer.join();
  ::close(ends[0]);
  ASSERT_TRUE(read);
  EXPECT_EQ(textOf(read->reveal()), "onetwo");
}

TEST_F(ReadFile, saysWhyItCannot) {
  EXPECT_EQ(readFile(dir_ / "none", 100).error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(readFile(dir_, 100).error(), std::errc::is_a_directory);
}

}  // namespace
}  // namespace kes::base
