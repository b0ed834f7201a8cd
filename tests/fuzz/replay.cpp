// Runs a target over the files and folders that are named, as libFuzzer does with files; for compilers that
// have no libFuzzer. A finding ends the process.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "fuzz.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> filesOf(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

void replay(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  kes::fuzz::require(stream.good() || stream.eof(), "the file can be read");
  // Of its exact size, so that the sanitizers notice a read beyond it.
  const auto data = std::make_unique<std::uint8_t[]>(text.size());
  std::ranges::copy(text, data.get());
  (void)std::fprintf(stderr, "%s\n", file.c_str());
  (void)LLVMFuzzerTestOneInput(data.get(), text.size());
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t replayed = 0;
  for (const char* argument : std::vector<const char*>(arguments + 1, arguments + count)) {
    for (const auto& file : filesOf(argument)) {
      replay(file);
      ++replayed;
    }
  }
  (void)std::fprintf(stderr, "%zu inputs replayed\n", replayed);
  return replayed > 0 ? 0 : 1;
}
