#include "process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace kes::load {

ProcessUse useOf(int pid) {
  if (pid == 0) return {};
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  // proc(5) numbers the fields from 1; those after the command name, which may hold spaces, begin with 3.
  const std::size_t end = text.rfind(')');
  if (end == text.npos) throw std::runtime_error(fmt::format("no process {}", pid));
  std::istringstream rest(text.substr(end + 1));
  const std::vector<std::string> fields((std::istream_iterator<std::string>(rest)), {});
  const auto field = [&fields](std::size_t number) { return std::stod(fields.at(number - 3)); };
  return {
      .cpu = std::chrono::duration<double>((field(14) + field(15)) /
                                           static_cast<double>(::sysconf(_SC_CLK_TCK))),
      .residentBytes =
          static_cast<std::size_t>(field(24)) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)),
      .threads = static_cast<unsigned>(field(20)),
  };
}

}  // namespace kes::load
