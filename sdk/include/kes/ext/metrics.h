/* Host extension "kes.metrics.1": numbers for the server's metrics. SPDX-License-Identifier: Apache-2.0 */
#ifndef KES_EXT_METRICS_H
#define KES_EXT_METRICS_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_METRICS "kes.metrics.1"

#define KES_METRIC_COUNTER 0 /* only grows: events since the process started */
#define KES_METRIC_GAUGE 1   /* goes up and down: how many there are now */

#define KES_MAX_METRICS 64u /* of one plugin */

/* A number of the plugin, shared by all its open stores; it lives until the process ends. */
typedef struct kes_metric_v0 kes_metric_v0;

typedef struct kes_ext_metrics_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [any-thread] The metric of that name, made on first use. `name` is [a-z][a-z0-9_]{0,63} without the
   * plugin's id, which the host adds; `help` is one sentence. NULL if the name is not one, is of another
   * kind, or there are KES_MAX_METRICS already. Both strings are copied. */
  kes_metric_v0* (*find)(const kes_host_v0* host, int32_t kind, const char* name,
                         const char* help)KES_NOEXCEPT;
  /* [any-thread] [no-block] Adds `delta`. A counter ignores what is not positive; a NULL metric is ignored.
   */
  void (*add)(kes_metric_v0* metric, int64_t delta) KES_NOEXCEPT;
  /* [any-thread] [no-block] Sets a gauge; ignored for a counter or NULL. */
  void (*set)(kes_metric_v0* metric, int64_t value) KES_NOEXCEPT; /* end of minor 0 */
} kes_ext_metrics_v0;

KES_STATIC_ASSERT(sizeof(kes_ext_metrics_v0) == 32, "layout of kes_ext_metrics_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_METRICS_H */
