#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace kes::server {

// Memory for OpenSSL's buffers of TLS records. Each holds 16 KiB and more, of which most records fill a few
// hundred bytes; they come and go with a connection's activity. Here each begins on a page of its own and is
// given back to the system when it is freed, which empties it, but for a few that are wiped and stay warm:
// what was not used is never there, and the heap gets no holes. Thread-safe.
class RecordBuffers {
 public:
  RecordBuffers();
  RecordBuffers(const RecordBuffers&) = delete;
  RecordBuffers& operator=(const RecordBuffers&) = delete;
  ~RecordBuffers();

  // True for sizes that only such buffers have.
  [[nodiscard]] static constexpr bool fits(std::size_t size) noexcept {
    return size > 16 * 1024 && size <= kSlot;
  }
  // Zeros; null when there is no room left.
  [[nodiscard]] void* take() noexcept;
  [[nodiscard]] bool owns(const void* buffer) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(buffer);
    return address - begin_ < kRoom && begin_ != 0;
  }
  void give(void* buffer) noexcept;

  static constexpr std::size_t kSlot = std::size_t(20) * 1024;
  static constexpr std::size_t kWarm = 64;

 private:
  // Address space, not memory.
  static constexpr std::size_t kRoom = std::size_t(4) << 30U;

  [[nodiscard]] bool keepsWarm(void* buffer) noexcept;

  std::uintptr_t begin_ = 0;
  std::mutex mutex_;
  std::size_t fresh_ = 0;  // offset of what was never taken
  std::vector<void*> free_;
  std::vector<void*> warm_;
  std::size_t warming_ = 0;  // on their way to warm_
};

}  // namespace kes::server
