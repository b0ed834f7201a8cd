#include "http/slab_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/pages.h"
#include "base/secret.h"

namespace kes::http {
namespace {

// Slabs are aligned to their size, so that an object's address tells its slab.
constexpr std::size_t kSlabSize = 256 * 1024;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kUnit = 16;                   // all sizes are multiples of it
constexpr std::size_t kOversize = ~std::size_t(0);  // the class of an object with a slab of its own
// Empty slabs kept for each class.
constexpr std::uint32_t kSpareSlabs = 1;

// `size` bytes of zeros, aligned to kSlabSize; null when there are none.
void* map(std::size_t size) noexcept {
  void* const raw =
      ::mmap(nullptr, size + kSlabSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<std::uintptr_t>(raw);
  const auto aligned = (begin + kSlabSize - 1) & ~(kSlabSize - 1);
  if (aligned > begin) ::munmap(raw, aligned - begin);
  const auto end = begin + size + kSlabSize;
  if (end > aligned + size) ::munmap(reinterpret_cast<void*>(aligned + size), end - aligned - size);
  return reinterpret_cast<void*>(aligned);
}

}  // namespace

// What a returned object holds.
struct SlabPool::Returned {
  Returned* next;
};

struct SlabPool::Slab : ListLink {
  std::size_t sizeClass;
  std::size_t mapped;
  std::uint32_t used = 0;
  std::uint32_t fresh = kPage;  // offset of what was never handed out
  Returned* returned = nullptr;

  [[nodiscard]] bool full() const noexcept {
    return returned == nullptr && fresh + kSizes[sizeClass] > kSlabSize;
  }
};

SlabPool::~SlabPool() {
  for (auto& list : free_) {
    while (list.linked()) dropSlab(static_cast<Slab&>(*list.next));
  }
}

void* SlabPool::allocate(std::size_t size) noexcept {
  const auto sizeClass = classOf(size);
  if (sizeClass == kOversize) {
    auto* slab = addSlab(kOversize, size + kPage);
    return slab == nullptr ? nullptr : reinterpret_cast<std::uint8_t*>(slab) + kPage;
  }
  auto& list = free_[sizeClass];
  auto* slab = list.linked() ? static_cast<Slab*>(list.next) : addSlab(sizeClass, kSlabSize);
  if (slab == nullptr) return nullptr;
  if (slab->used++ == 0) --empty_[sizeClass];
  void* object = slab->returned;
  if (object != nullptr) {
    slab->returned = slab->returned->next;
  } else {
    object = reinterpret_cast<std::uint8_t*>(slab) + slab->fresh;
    slab->fresh += kSizes[sizeClass];
  }
  if (slab->full()) slab->unlink();
  return object;
}

void SlabPool::release(void* object) noexcept {
  if (object == nullptr) return;
  auto& slab = slabOf(object);
  if (slab.sizeClass == kOversize) {
    dropSlab(slab);
    return;
  }
  // HPACK keeps the fields of requests here, in which a client may show what it should not.
  if (const auto size = kSizes[slab.sizeClass]; size < kPage) base::wipe(object, size);
  slab.returned = new (object) Returned{slab.returned};
  if (!slab.linked()) slab.insertBefore(*free_[slab.sizeClass].next);
  if (--slab.used > 0) return;
  if (empty_[slab.sizeClass] == kSpareSlabs) {
    dropSlab(slab);
    return;
  }
  ++empty_[slab.sizeClass];
  // Used last, so that it may stay empty.
  slab.unlink();
  slab.insertBefore(free_[slab.sizeClass]);
}

void* SlabPool::resize(void* object, std::size_t size) noexcept {
  if (object == nullptr) return allocate(size);
  const auto& slab = slabOf(object);
  const auto room = slab.sizeClass == kOversize ? slab.mapped - kPage : kSizes[slab.sizeClass];
  if (size <= room) return object;
  void* const larger = allocate(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, object, room);
  release(object);
  return larger;
}

void SlabPool::discard(void* object) noexcept {
  const auto size = kSizes[slabOf(object).sizeClass] & ~(kPage - 1);
  base::discardPages(object, size);
}

std::size_t SlabPool::classOf(std::size_t size) noexcept {
  static constexpr auto kClasses = [] {
    std::array<std::uint8_t, kSizes.back() / kUnit + 1> classes{};
    for (std::size_t i = 0; i < classes.size(); ++i) {
      const auto* const found = std::ranges::lower_bound(kSizes, i * kUnit);
      classes[i] = static_cast<std::uint8_t>(found - kSizes.begin());
    }
    return classes;
  }();
  return size > kSizes.back() ? kOversize : kClasses[(size + kUnit - 1) / kUnit];
}

SlabPool::Slab& SlabPool::slabOf(void* object) noexcept {
  return *reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(object) & ~(kSlabSize - 1));
}

SlabPool::Slab* SlabPool::addSlab(std::size_t sizeClass, std::size_t size) noexcept {
  void* const memory = map(size);
  if (memory == nullptr) return nullptr;
  auto* const slab = new (memory) Slab{};
  slab->sizeClass = sizeClass;
  slab->mapped = size;
  reserved_ += size;
  if (sizeClass == kOversize) return slab;
  ++empty_[sizeClass];
  slab->insertBefore(free_[sizeClass]);
  return slab;
}

void SlabPool::dropSlab(Slab& slab) noexcept {
  slab.unlink();
  reserved_ -= slab.mapped;
  ::munmap(&slab, slab.mapped);
}

}  // namespace kes::http
