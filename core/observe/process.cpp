#include "observe/process.h"

#include <malloc.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "observe/heap_objects.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // GCC 12 brings no header for it
#endif

namespace kes::observe {
namespace {

std::uint64_t heapBytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return __sanitizer_get_current_allocated_bytes();  // their allocator is not glibc's
#else
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

}  // namespace

ProcessUse processUse() {
  ProcessUse use;
  use.memory.heap = heapBytes();
  use.memory.heapObjects = heapObjects();
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    const auto number = [&](std::string_view name) {
      return std::strtoull(line.c_str() + name.size(), nullptr, 10);
    };
    if (line.starts_with("VmSize:")) use.memory.virtualSize = number("VmSize:") * 1024;
    if (line.starts_with("VmRSS:")) use.memory.resident = number("VmRSS:") * 1024;
    if (line.starts_with("VmStk:")) use.memory.stack = number("VmStk:") * 1024;
    if (line.starts_with("Threads:")) use.threads = number("Threads:");
  }
  return use;
}

long cpus() {
  return ::sysconf(_SC_NPROCESSORS_CONF);
}

long usableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return ::sysconf(_SC_NPROCESSORS_ONLN);
}

std::chrono::nanoseconds cpuTime() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return std::chrono::seconds(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         std::chrono::microseconds(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

std::uint64_t openFiles() {
  struct stat folder{};
  // Linux tells it since 6.2; before, each must be looked at.
  if (::stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
    return static_cast<std::uint64_t>(folder.st_size);
  std::error_code ignored;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator file("/proc/self/fd", ignored);
  for (; !ignored && file != std::filesystem::directory_iterator(); file.increment(ignored)) ++count;
  return count;
}

std::uint64_t mostOpenFiles() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace kes::observe
