// Takes malloc's place in this program, counts, and asks glibc's.

#include <openssl/crypto.h>
#include <sys/prctl.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "allocation/counting_malloc.h"

extern "C" {
// Names of glibc's.
void* __libc_malloc(std::size_t size);                      // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(std::size_t count, std::size_t size);   // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* memory, std::size_t size);       // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(std::size_t edge, std::size_t size);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

std::atomic<std::uint64_t> ours{0};
std::atomic<std::uint64_t> openSsls{0};

// A thread is given its name after its first allocations, so it is looked at until it is that of a loop.
bool isLoop() noexcept {
  thread_local bool known = false;
  if (!known) {
    char name[16] = {};
    ::prctl(PR_GET_NAME, name);
    known = std::strncmp(name, "kes-loop", 8) == 0;
  }
  return known;
}

void count() noexcept {
  if (isLoop()) ours.fetch_add(1, std::memory_order_relaxed);
}

void* allocateForOpenSsl(std::size_t size, const char*, int) {
  if (isLoop()) openSsls.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}

void* resizeForOpenSsl(void* memory, std::size_t size, const char*, int) {
  if (isLoop()) openSsls.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, size);
}

void releaseForOpenSsl(void* memory, const char*, int) {
  std::free(memory);
}

}  // namespace

namespace kes::test {

Allocations loopAllocations() noexcept {
  return {ours.load(std::memory_order_relaxed), openSsls.load(std::memory_order_relaxed)};
}

void countOpenSsl() noexcept {
  CRYPTO_set_mem_functions(allocateForOpenSsl, resizeForOpenSsl, releaseForOpenSsl);
}

}  // namespace kes::test

extern "C" {

void* malloc(std::size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(std::size_t amount, std::size_t size) {
  count();
  return __libc_calloc(amount, size);
}

void* realloc(void* memory, std::size_t size) {
  count();
  return __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t edge, std::size_t size) {
  count();
  return __libc_memalign(edge, size);
}

int posix_memalign(void** memory, std::size_t edge, std::size_t size) {
  count();
  *memory = __libc_memalign(edge, size);
  return 0;
}

}  // extern "C"
