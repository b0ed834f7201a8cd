/* Host extension "kes.random.1": random bytes. SPDX-License-Identifier: Apache-2.0 */
#ifndef KES_EXT_RANDOM_H
#define KES_EXT_RANDOM_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_RANDOM "kes.random.1"

typedef struct kes_ext_random_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [any-thread] [no-block] Fills memory with bytes of the host's generator that are fit for keys. KES_OK, or
   * KES_E_UNAVAILABLE when the generator fails; then the memory must not be used. */
  int32_t (*fill)(const kes_host_v0* host, void* memory, uint64_t size) KES_NOEXCEPT; /* end of minor 0 */
} kes_ext_random_v0;

KES_STATIC_ASSERT(sizeof(kes_ext_random_v0) == 16, "layout of kes_ext_random_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_RANDOM_H */
