#include "server/process.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/secret.h"
#include "server/record_buffers.h"

namespace kes::server {
namespace {

RecordBuffers& recordBuffers() noexcept {
  static auto* const buffers = new RecordBuffers;  // OpenSSL may free until the very end
  return *buffers;
}

void* allocate(std::size_t size, const char*, int) {
  if (RecordBuffers::fits(size)) {
    if (void* const buffer = recordBuffers().take()) return buffer;
  }
  return std::malloc(size);
}

void release(void* memory, const char*, int) {
  if (memory == nullptr) return;
  if (recordBuffers().owns(memory)) return recordBuffers().give(memory);
  base::wipe(memory, ::malloc_usable_size(memory));
  std::free(memory);
}

std::size_t roomOf(void* memory) {
  return recordBuffers().owns(memory) ? RecordBuffers::kSlot : ::malloc_usable_size(memory);
}

void* reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (memory == nullptr) return allocate(size, file, line);
  if (size == 0) {
    release(memory, file, line);
    return nullptr;
  }
  const std::size_t old = roomOf(memory);
  if (size <= old) return memory;
  void* const moved = allocate(size, file, line);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, old);
  release(memory, file, line);
  return moved;
}

sigset_t claimedSignals() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// Locking what is mapped in future under a finite limit would make later allocations fail.
bool mayLockEverything() noexcept {
  rlimit limit{};
  return ::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && (limit.rlim_cur == RLIM_INFINITY || ::geteuid() == 0);
}

}  // namespace

void wipeOpenSslMemory() noexcept {
  CRYPTO_set_mem_functions(allocate, reallocate, release);
}

Hardening hardenProcess() noexcept {
  constexpr rlimit kNoCore{0, 0};
  ::setrlimit(RLIMIT_CORE, &kNoCore);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  Hardening done;
  if (mayLockEverything()) {
    done.memoryLocked = ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
  }
  return done;
}

void claimSignals() noexcept {
  (void)::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = claimedSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int waitForSignal(std::chrono::seconds longest) noexcept {
  const sigset_t set = claimedSignals();
  const timespec timeout{.tv_sec = longest.count(), .tv_nsec = 0};
  return std::max(::sigtimedwait(&set, nullptr, &timeout), 0);
}

}  // namespace kes::server
