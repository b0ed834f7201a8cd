#include "server/record_buffers.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

#include "base/pages.h"
#include "base/secret.h"

namespace kes::server {

RecordBuffers::RecordBuffers() {
  warm_.reserve(kWarm);
  void* const room =
      ::mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return;
  ::madvise(room, kRoom, MADV_DONTDUMP);
  ::madvise(room, kRoom, MADV_NOHUGEPAGE);
  begin_ = reinterpret_cast<std::uintptr_t>(room);
}

RecordBuffers::~RecordBuffers() {
  if (begin_ != 0) ::munmap(reinterpret_cast<void*>(begin_), kRoom);
}

void* RecordBuffers::take() noexcept {
  if (begin_ == 0) return nullptr;
  const std::lock_guard lock(mutex_);
  for (auto* buffers : {&warm_, &free_}) {
    if (buffers->empty()) continue;
    void* const buffer = buffers->back();
    buffers->pop_back();
    return buffer;
  }
  if (fresh_ + kSlot > kRoom) return nullptr;
  try {
    // So that giving back cannot fail.
    if (const auto taken = fresh_ / kSlot; free_.capacity() <= taken) free_.reserve(2 * taken + 64);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  void* const buffer = reinterpret_cast<void*>(begin_ + fresh_);
  fresh_ += kSlot;
  return buffer;
}

void RecordBuffers::give(void* buffer) noexcept {
  if (keepsWarm(buffer)) return;
  if (!base::discardPages(buffer, kSlot)) base::wipe(buffer, kSlot);
  const std::lock_guard lock(mutex_);
  free_.push_back(buffer);
}

bool RecordBuffers::keepsWarm(void* buffer) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (warm_.size() + warming_ == kWarm) return false;
    ++warming_;
  }
  base::wipe(buffer, kSlot);
  const std::lock_guard lock(mutex_);
  --warming_;
  warm_.push_back(buffer);
  return true;
}

}  // namespace kes::server
