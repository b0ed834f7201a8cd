#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kes-config-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
    dir_ = pattern;
  }
  ~ConfigFile() override {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }

  [[nodiscard]] std::string write(const std::string& text) const {
    const std::string file = dir_ / "config.yml";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

  std::filesystem::path dir_;
};

TEST_F(ConfigFile, isReadFromDisk) {
  const std::string file = write(kMinimal);
  const auto config = load(file, environmentOf({}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->file, file);
  EXPECT_EQ(config->admin, "root");
}

TEST_F(ConfigFile, isNamedInErrors) {
  const std::string file = write("admin: 1\n");
  const auto config = load(file, environmentOf({}));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message, file + ":1:8: admin: expected a mapping, found text");
}

TEST_F(ConfigFile, mustExistAndBeAFile) {
  const auto missing = load(dir_ / "none.yml", environmentOf({}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            (dir_ / "none.yml").string() +
                ": cannot read the configuration: No such file or directory; check the path "
                "and its rights");
  const auto directory = load(dir_, environmentOf({}));
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message,
            dir_.string() +
                ": cannot read the configuration: Is a directory; check the path and its "
                "rights");
}

TEST_F(ConfigFile, mayBeOneMebibyteLarge) {
  std::string text = kBase + "#";
  text.resize((1U << 20U) - 1, 'x');
  text += '\n';
  EXPECT_TRUE(load(write(text), environmentOf({})));
  const std::string file = write(text + '\n');
  const auto config = load(file, environmentOf({}));
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().message,
            file + ": the configuration is larger than 1 MiB; is this the right file?");
}

}  // namespace
}  // namespace kes::config
