#include "process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace kes::load {

namespace {

std::string textOf(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The first number of a thread's schedstat is the time it has run, in nanoseconds; that of /proc/<pid>/stat
// comes in ticks of 10 ms, too coarse for what hardly runs. Threads that have ended do not count.
std::chrono::nanoseconds runTime(const std::filesystem::path& process) {
  std::int64_t nanos = 0;
  for (const auto& thread : std::filesystem::directory_iterator(process / "task"))
    nanos += std::stoll(textOf(thread.path() / "schedstat"));
  return std::chrono::nanoseconds(nanos);
}

}  // namespace

ProcessUse useOf(int pid) {
  if (pid == 0) return {};
  const std::filesystem::path process = fmt::format("/proc/{}", pid);
  const std::string text = textOf(process / "stat");
  // proc(5) numbers the fields from 1; those after the command name, which may hold spaces, begin with 3.
  const std::size_t end = text.rfind(')');
  if (end == text.npos) throw std::runtime_error(fmt::format("no process {}", pid));
  std::istringstream rest(text.substr(end + 1));
  const std::vector<std::string> fields((std::istream_iterator<std::string>(rest)), {});
  const auto pages = static_cast<std::size_t>(std::stoul(fields.at(24 - 3)));
  return {
      .cpu = runTime(process),
      .residentBytes = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)),
      .threads = static_cast<unsigned>(std::stoul(fields.at(20 - 3))),
  };
}

}  // namespace kes::load
