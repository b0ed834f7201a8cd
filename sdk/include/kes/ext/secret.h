/* Host extension "kes.secret.1": memory for secrets. SPDX-License-Identifier: Apache-2.0 */
#ifndef KES_EXT_SECRET_H
#define KES_EXT_SECRET_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_SECRET "kes.secret.1"

#define KES_MAX_SECRET 16777216u /* bytes in one piece */

typedef struct kes_ext_secret_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [any-thread] [no-block] `size` zero bytes, 16-byte aligned, locked into memory as far as the system
   * allows, left out of core dumps. NULL if there is no memory or `size` is above KES_MAX_SECRET. The
   * plugin's until it releases them, or until the store is closed: then the host wipes what is left. */
  void* (*allocate)(const kes_host_v0* host, uint64_t size)KES_NOEXCEPT;
  /* [any-thread] [no-block] Wipes and frees what allocate returned to the same store. NULL is ignored. */
  void (*release)(const kes_host_v0* host, void* memory) KES_NOEXCEPT;
  /* [any-thread] [no-block] Overwrites memory of any kind in a way no compiler removes. */
  void (*wipe)(const kes_host_v0* host, void* memory, uint64_t size) KES_NOEXCEPT; /* end of minor 0 */
} kes_ext_secret_v0;

KES_STATIC_ASSERT(sizeof(kes_ext_secret_v0) == 32, "layout of kes_ext_secret_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_SECRET_H */
