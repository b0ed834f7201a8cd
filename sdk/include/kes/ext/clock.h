/* Host extension "kes.clock.1": the time as the host sees it. SPDX-License-Identifier: Apache-2.0 */
#ifndef KES_EXT_CLOCK_H
#define KES_EXT_CLOCK_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_CLOCK "kes.clock.1"

typedef struct kes_ext_clock_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [any-thread] [no-block] The clock of kes_call_v0.deadline_ns, in nanoseconds. Never goes back. */
  uint64_t (*monotonic_ns)(const kes_host_v0* host) KES_NOEXCEPT;
  /* [any-thread] [no-block] Nanoseconds since 1970-01-01T00:00:00Z. May jump. */
  int64_t (*realtime_ns)(const kes_host_v0* host) KES_NOEXCEPT; /* end of minor 0 */
} kes_ext_clock_v0;

KES_STATIC_ASSERT(sizeof(kes_ext_clock_v0) == 24, "layout of kes_ext_clock_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_CLOCK_H */
