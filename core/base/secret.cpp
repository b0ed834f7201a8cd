#include "base/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>

namespace kes::base {
namespace {

// Memory for secrets in slabs of equal cells. Each slab is a mapping of its own between two guard pages,
// locked, left out of core dumps and not inherited by a fork. Slabs are never unmapped: a server's keys come
// and go within a few.
class Arena {
 public:
  static Arena& instance() noexcept {
    static Arena& arena =
        *new Arena;  // never destroyed: secrets with static lifetime die later than it would
    return arena;
  }

  std::uint8_t* allocate(std::size_t size) {
    const std::size_t index = classOf(size);
    if (index == kClasses) {
      std::uint8_t* const memory = map(roundToPages(size));
      bytesInUse_.fetch_add(size, std::memory_order_relaxed);
      return memory;
    }
    const std::lock_guard lock(mutex_);
    if (free_[index] == nullptr) addSlab(index);
    Cell* const cell = free_[index];
    free_[index] = cell->next;
    cell->next = nullptr;
    bytesInUse_.fetch_add(size, std::memory_order_relaxed);
    return reinterpret_cast<std::uint8_t*>(cell);
  }

  void release(std::uint8_t* data, std::size_t size) noexcept {
    wipe(data, size);
    bytesInUse_.fetch_sub(size, std::memory_order_relaxed);
    const std::size_t index = classOf(size);
    if (index == kClasses) return unmap(data, roundToPages(size));
    const std::lock_guard lock(mutex_);
    free_[index] = new (data) Cell{free_[index]};
  }

  ArenaStatus status() const noexcept {
    return {bytesInUse_.load(std::memory_order_relaxed), bytesMapped_.load(std::memory_order_relaxed),
            locked_.load(std::memory_order_relaxed)};
  }

 private:
  struct Cell {
    Cell* next;
  };

  static constexpr std::size_t kSmallest = 32;
  static constexpr std::size_t kClasses =
      8;  // 32, 64 … 4096 bytes; anything larger gets a mapping of its own
  static constexpr std::size_t kSlabSize = 64 * 1024;

  static std::size_t classOf(std::size_t size) noexcept {
    std::size_t index = 0;
    for (std::size_t cell = kSmallest; cell < size && index < kClasses; cell *= 2) ++index;
    return index;
  }

  static std::size_t pageSize() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
  }

  static std::size_t roundToPages(std::size_t size) noexcept {
    return (size + pageSize() - 1) / pageSize() * pageSize();
  }

  void addSlab(std::size_t index) {
    std::uint8_t* const slab = map(kSlabSize);
    const std::size_t cellSize = kSmallest << index;
    for (std::size_t at = kSlabSize; at >= cellSize; at -= cellSize) {
      free_[index] = new (slab + at - cellSize) Cell{free_[index]};
    }
  }

  std::uint8_t* map(std::size_t size) {
    const std::size_t guard = pageSize();
    void* const whole = ::mmap(nullptr, size + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (whole == MAP_FAILED) throw std::bad_alloc();
    auto* const memory = static_cast<std::uint8_t*>(whole) + guard;
    if (::mprotect(memory, size, PROT_READ | PROT_WRITE) != 0) {
      ::munmap(whole, size + 2 * guard);
      throw std::bad_alloc();
    }
    // Best effort, each: a low RLIMIT_MEMLOCK must not stop the server; arenaStatus() tells.
    if (::mlock(memory, size) != 0) locked_.store(false, std::memory_order_relaxed);
    ::madvise(memory, size, MADV_DONTDUMP);
    ::madvise(memory, size, MADV_WIPEONFORK);
    bytesMapped_.fetch_add(size, std::memory_order_relaxed);
    return memory;
  }

  void unmap(std::uint8_t* memory, std::size_t size) noexcept {
    const std::size_t guard = pageSize();
    ::munmap(memory - guard, size + 2 * guard);
    bytesMapped_.fetch_sub(size, std::memory_order_relaxed);
  }

  std::mutex mutex_;
  std::array<Cell*, kClasses> free_{};
  std::atomic<std::size_t> bytesInUse_{0};
  std::atomic<std::size_t> bytesMapped_{0};
  std::atomic<bool> locked_{true};
};

}  // namespace

Secret::Secret(std::size_t size) {
  if (size == 0) return;
  data_ = Arena::instance().allocate(size);
  size_ = capacity_ = size;
}

Secret Secret::copyOf(ByteView bytes) {
  Secret secret(bytes.size());
  if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
  return secret;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  reset();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void Secret::truncate(std::size_t size) noexcept {
  if (size >= size_) return;
  wipe(data_ + size, size_ - size);
  size_ = size;
}

void Secret::reset() noexcept {
  if (data_ == nullptr) return;
  Arena::instance().release(data_, capacity_);
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

bool Secret::equalConstantTime(ByteView a, ByteView b) noexcept {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(void* data, std::size_t size) noexcept {
  // Vectorized, unlike OPENSSL_cleanse: this runs several times per request.
  if (size != 0) ::explicit_bzero(data, size);
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  wipe(text.data(), text.size());
  text.clear();
}

ArenaStatus arenaStatus() noexcept {
  return Arena::instance().status();
}

}  // namespace kes::base
