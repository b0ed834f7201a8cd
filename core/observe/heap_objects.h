#pragma once

#include <cstdint>

namespace kes::observe {

// How many objects made by `new` are alive, in the server and its plugins. glibc counts bytes alone, so
// `operator new` is replaced to count; a request that the cache answers does not call it. 0 in builds with
// sanitizers, which replace it themselves. [any-thread]
[[nodiscard]] std::uint64_t heapObjects() noexcept;

}  // namespace kes::observe
