#pragma once

#include <cstddef>
#include <filesystem>

namespace kes::http {

// How many CPUs this process may keep busy: its affinity, or less where a cgroup (v1 or v2) has a quota. At
// least one. A part of a CPU counts as one.
[[nodiscard]] std::size_t usableCpus();

// The quota alone, as found in the given copy of /proc/self/cgroup and tree of cgroup file systems; zero for
// none.
[[nodiscard]] std::size_t cgroupCpuQuota(const std::filesystem::path& membership,
                                         const std::filesystem::path& cgroupRoot);

}  // namespace kes::http
