#pragma once

#include <chrono>
#include <cstddef>

namespace kes::load {

// What a process and all its threads have used so far.
struct ProcessUse {
  std::chrono::duration<double> cpu{0};  // user and system
  std::size_t residentBytes = 0;
  unsigned threads = 0;
};

// Reads /proc/<pid>. All zero for pid 0, which stands for no process; throws when there is none.
[[nodiscard]] ProcessUse useOf(int pid);

}  // namespace kes::load
