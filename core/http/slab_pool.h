#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "http/list_link.h"

namespace kes::http {

// Memory for what an HTTP/2 session is made of: many small things that come and go with each request, and one
// buffer of 16 KiB of which most is never touched. Objects of a size share slabs, so that a warm pool asks
// the system for nothing; large ones begin on a page of their own, so that what is not touched is not there;
// and slabs that have emptied go back. Belongs to one thread.
class SlabPool {
 public:
  SlabPool() noexcept = default;
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;
  // Everything must have been given back.
  ~SlabPool();

  // As malloc, free and realloc, aligned to 16 bytes.
  [[nodiscard]] void* allocate(std::size_t size) noexcept;
  // What is smaller than a page is wiped; for the rest there is discard().
  void release(void* object) noexcept;
  [[nodiscard]] void* resize(void* object, std::size_t size) noexcept;

  // Forgets what a large object holds, and gives the memory behind it back until it is written to again.
  static void discard(void* object) noexcept;

  // Address space that it has of the system.
  [[nodiscard]] std::size_t reserved() const noexcept { return reserved_; }

 private:
  // Sizes of objects, multiples of 16; the last one is that of an HTTP/2 frame with some room, in whole
  // pages.
  static constexpr std::array<std::uint32_t, 17> kSizes = {32,  48,   64,   96,   128,  192,  256,  384,  512,
                                                           768, 1024, 1536, 2048, 2944, 4096, 8192, 20480};
  struct Returned;
  struct Slab;

  [[nodiscard]] static std::size_t classOf(std::size_t size) noexcept;
  [[nodiscard]] static Slab& slabOf(void* object) noexcept;
  [[nodiscard]] Slab* addSlab(std::size_t sizeClass, std::size_t size) noexcept;
  void dropSlab(Slab& slab) noexcept;

  std::array<ListLink, kSizes.size()> free_;  // slabs with room, by class
  std::array<std::uint32_t, kSizes.size()> empty_{};
  std::size_t reserved_ = 0;
};

}  // namespace kes::http
