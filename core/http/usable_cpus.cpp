#include "http/usable_cpus.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace kes::http {
namespace {

namespace fs = std::filesystem;

struct Quota {
  double cpus = 0;  // 0 = none
  void tighten(double other) {
    if (other > 0 && (cpus == 0 || other < cpus)) cpus = other;
  }
};

// v2: "max 100000" or "150000 100000" in cpu.max.
double readV2(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::strtod(quota.c_str(), nullptr) / period;
}

// v1: microseconds in two files, -1 = none.
double readV1(const fs::path& group) {
  double quota = 0;
  double period = 0;
  std::ifstream(group / "cpu.cfs_quota_us") >> quota;
  std::ifstream(group / "cpu.cfs_period_us") >> period;
  return quota > 0 && period > 0 ? quota / period : 0;
}

// A group is bound by its own quota and by those of all groups above it.
void tightenAlong(const fs::path& root, const std::string& group, double (*read)(const fs::path&),
                  Quota& quota) {
  auto relative = fs::path(group).relative_path();
  for (;; relative = relative.parent_path()) {
    quota.tighten(read(root / relative));
    if (relative.empty()) return;
  }
}

bool controlsCpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

std::size_t cgroupCpuQuota(const fs::path& membership, const fs::path& cgroupRoot) {
  std::ifstream file(membership);
  Quota quota;
  for (std::string line; std::getline(file, line);) {  // "hierarchy:controllers:/path"
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const auto group = line.substr(second + 1);
    if (group.find("..") != std::string::npos) continue;  // outside of our cgroup namespace
    if (controllers.empty()) {
      tightenAlong(cgroupRoot, group, readV2, quota);
    } else if (controlsCpu(controllers)) {
      tightenAlong(cgroupRoot / "cpu", group, readV1, quota);
    }
  }
  return static_cast<std::size_t>(std::ceil(quota.cpus));
}

std::size_t usableCpus() {
  // Large enough for any machine; the kernel refuses a mask that is too small.
  std::vector<unsigned long> mask(16384 / (8 * sizeof(unsigned long)));
  auto* set = reinterpret_cast<cpu_set_t*>(mask.data());
  const auto size = mask.size() * sizeof(unsigned long);
  std::size_t cpus = 1;
  if (sched_getaffinity(0, size, set) == 0)
    cpus = static_cast<std::size_t>(std::max(CPU_COUNT_S(size, set), 1));
  const auto quota = cgroupCpuQuota("/proc/self/cgroup", "/sys/fs/cgroup");
  return quota == 0 ? cpus : std::clamp<std::size_t>(quota, 1, cpus);
}

}  // namespace kes::http
