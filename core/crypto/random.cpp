#include "crypto/random.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>

#include "crypto/require.h"

namespace kes::crypto {
namespace {

constexpr std::size_t kPoolSize = 4096;

// Counts the forks that led to this process.
std::atomic<std::uint32_t> forks{0};

void watchForks() noexcept {
  static const int watching =
      ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  require(watching == 0, "cannot watch for forks");
}

void generate(base::ByteSpan out) noexcept {
  while (!out.empty()) {
    const std::size_t size = std::min<std::size_t>(out.size(), std::numeric_limits<int>::max());
    require(RAND_priv_bytes(out.data(), static_cast<int>(size)) == 1, "the random generator failed");
    out = out.subspan(size);
  }
}

// A page of random bytes of one thread, in the secret arena. RAND_priv_bytes costs about 1 µs a call whatever
// the size; this makes it 50 ns for an IV and a nonce.
//
// A child must never hand out what its parent does. The arena's pages read as zeros after a fork, and the
// number of bytes left lies in the page: a wiped pool is an empty one. Kernels before 4.14 do not wipe, so
// the forks are counted too.
class Pool {
 public:
  Pool() : page_(kPoolSize) { watchForks(); }

  void take(base::ByteSpan out) noexcept {
    Page& page = *reinterpret_cast<Page*>(page_.revealMutable().data());
    if (page.left < out.size() || forks_ != forks.load(std::memory_order_relaxed)) refill(page);
    page.left -= out.size();
    std::memcpy(out.data(), page.bytes + page.left, out.size());
    base::wipe(page.bytes + page.left, out.size());
  }

  static constexpr std::size_t kCapacity = kPoolSize - sizeof(std::size_t);

 private:
  struct Page {
    std::size_t left;
    std::uint8_t bytes[kCapacity];
  };

  void refill(Page& page) noexcept {
    forks_ = forks.load(std::memory_order_relaxed);
    generate(page.bytes);
    page.left = kCapacity;
  }

  base::Secret page_;
  std::uint32_t forks_ = 0;
};

// Set when the thread's pool is gone, for destructors of thread_local objects that run after its own.
thread_local bool poolGone = false;

struct ThreadPool {
  Pool pool;
  ~ThreadPool() { poolGone = true; }
};

}  // namespace

void randomBytes(base::ByteSpan out) noexcept {
  if (out.empty()) return;
  if (out.size() > Pool::kCapacity / 4 || poolGone) return generate(out);
  thread_local ThreadPool thread;
  thread.pool.take(out);
}

base::Secret randomSecret(std::size_t size) {
  base::Secret secret(size);
  generate(secret.revealMutable());
  return secret;
}

}  // namespace kes::crypto
