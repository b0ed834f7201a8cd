#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kes::observe {

// What this process takes of the machine. Cheap enough for an event loop; 0 where the system does not say.

struct ProcessMemory {
  std::uint64_t heap = 0;         // bytes in use
  std::uint64_t heapObjects = 0;  // made by `new` and alive
  std::uint64_t stack = 0;        // of the main thread
  std::uint64_t resident = 0;
  std::uint64_t virtualSize = 0;
};
struct ProcessUse {
  ProcessMemory memory;
  std::uint64_t threads = 0;
};
[[nodiscard]] ProcessUse processUse();

[[nodiscard]] long cpus();        // of the machine
[[nodiscard]] long usableCpus();  // of which this process may use
[[nodiscard]] std::chrono::nanoseconds cpuTime();
[[nodiscard]] std::uint64_t openFiles();
[[nodiscard]] std::uint64_t mostOpenFiles();

}  // namespace kes::observe
