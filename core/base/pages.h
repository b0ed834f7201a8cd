#pragma once

#include <cstddef>

namespace kes::base {

// Gives the memory behind whole pages back to the system: they read as zeros from then on, and take memory
// again when they are written to. False where the system keeps them as they are. [any-thread]
bool discardPages(void* begin, std::size_t size) noexcept;

}  // namespace kes::base
