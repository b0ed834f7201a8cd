/* Host extension "kes.log.1": lines for the server's error log. SPDX-License-Identifier: Apache-2.0 */
#ifndef KES_EXT_LOG_H
#define KES_EXT_LOG_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_LOG "kes.log.1"

#define KES_LOG_DEBUG 0
#define KES_LOG_INFO 1
#define KES_LOG_WARN 2
#define KES_LOG_ERROR 3

/* One value beside the text, printed as key=value. */
typedef struct kes_log_field_v0 {
  const char* key;   /* [a-z0-9_]+ */
  const char* value; /* never a secret */
  uint64_t value_size;
} kes_log_field_v0;

/* A line of the log. All of it is copied; with its fields it is cut after KES_MAX_TEXT bytes, and control
 * characters are escaped. */
typedef struct kes_log_record_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  const char* text; /* never a secret */
  uint64_t text_size;
  const kes_log_field_v0* fields; /* field_count of them; NULL for none */
  uint64_t field_count;
  uint64_t request_id; /* of the call it belongs to, or 0 */
  int32_t level;       /* KES_LOG_* */
  uint32_t reserved;   /* end of minor 0 */
} kes_log_record_v0;

typedef struct kes_ext_log_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* [any-thread] [no-block] Cannot fail; a line may be dropped when the log cannot take it. */
  void (*write)(const kes_host_v0* host, const kes_log_record_v0* record) KES_NOEXCEPT; /* end of minor 0 */
} kes_ext_log_v0;

KES_STATIC_ASSERT(sizeof(kes_log_field_v0) == 24, "layout of kes_log_field_v0");
KES_STATIC_ASSERT(sizeof(kes_log_record_v0) == 56, "layout of kes_log_record_v0");
KES_STATIC_ASSERT(sizeof(kes_ext_log_v0) == 16, "layout of kes_ext_log_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_LOG_H */
