#include "observe/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "observe/heap_objects.h"

namespace kes::observe {
namespace {

TEST(Process, knowsWhatItTakesOfTheMachine) {
  const ProcessUse use = processUse();
  EXPECT_GT(use.memory.heap, 0U);
  EXPECT_GT(use.memory.stack, 0U);
  EXPECT_GT(use.memory.resident, use.memory.stack);
  EXPECT_GT(use.memory.virtualSize, use.memory.resident);
  EXPECT_GE(use.threads, 1U);
  EXPECT_GE(cpus(), usableCpus());
  EXPECT_GE(usableCpus(), 1);
  EXPECT_GT(cpuTime().count(), 0);
  EXPECT_GT(mostOpenFiles(), openFiles());
}

TEST(Process, seesAFileOpened) {
  const std::uint64_t before = openFiles();
  const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(openFiles(), before + 1);
  ::close(file);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
struct alignas(256) Wide {
  char text[300];
};

TEST(HeapObjects, countsWhatIsMadeInOneThreadAndFreedInAnother) {
  std::thread([] {}).join();  // so that what a first thread leaves behind is there
  const std::uint64_t before = heapObjects();
  auto* const one = new int(1);
  auto* const wide = new Wide[3];
  EXPECT_EQ(heapObjects(), before + 2);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide) % 256, 0U);
  std::thread([&] {
    delete one;
    delete[] wide;
  }).join();
  EXPECT_EQ(heapObjects(), before);
}
#endif

}  // namespace
}  // namespace kes::observe
