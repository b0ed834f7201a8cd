/* Host extension "kes.thread.1": threads of the plugin's own. SPDX-License-Identifier: Apache-2.0 */
#ifndef KES_EXT_THREAD_H
#define KES_EXT_THREAD_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_THREAD "kes.thread.1"

/* A thread that a plugin starts, to renew a token say, attaches before anything else and detaches last. Block
 * all signals in the starting thread around its creation, so that none can arrive before. All threads of a
 * store have ended when close returns. */
typedef struct kes_ext_thread_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [any-thread] [no-block] Blocks all signals in the calling thread, names it "<id>/<name>" (cut to 15
   * bytes), and counts it as one of the store's. KES_OK or KES_E_INVALID. */
  int32_t (*attach)(const kes_host_v0* host, const char* name) KES_NOEXCEPT;
  /* [any-thread] [no-block] Ends what attach began, on the same thread. */
  void (*detach)(const kes_host_v0* host) KES_NOEXCEPT; /* end of minor 0 */
} kes_ext_thread_v0;

KES_STATIC_ASSERT(sizeof(kes_ext_thread_v0) == 24, "layout of kes_ext_thread_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_THREAD_H */
