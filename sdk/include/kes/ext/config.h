/* Host extension "kes.config.1": the configuration without a JSON parser. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KES_EXT_CONFIG_H
#define KES_EXT_CONFIG_H

#include <kes/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KES_EXT_CONFIG "kes.config.1"

/*
 * Values of kes_open_args_v0.config by RFC 6901 pointer: "/tls/ca", "/servers/0". Only while open runs
 * (KES_E_UNSUPPORTED later: the host does not keep the configuration). [any-thread] [no-block]
 * KES_OK; KES_E_NOT_FOUND if nothing is there or it is null; KES_E_INVALID if it is of another type, and then
 * the out argument is left alone, as it is on every failure.
 */
typedef struct kes_ext_config_v0 {
  uint32_t struct_size;
  uint32_t abi_minor;
  /* The bytes are valid until open returns; they are followed by a NUL that does not count. */
  int32_t (*get_string)(const kes_host_v0* host, const char* pointer, const char** text,
                        uint64_t* size) KES_NOEXCEPT;
  /* A number without fraction, or a string of decimal digits, maybe after '-': a configuration file in YAML
   * gives every scalar as a string. */
  int32_t (*get_integer)(const kes_host_v0* host, const char* pointer, int64_t* value) KES_NOEXCEPT;
  /* true or "true" is 1, false or "false" is 0. */
  int32_t (*get_boolean)(const kes_host_v0* host, const char* pointer, int32_t* value) KES_NOEXCEPT;
  /* How many elements an array or members an object has. */
  int32_t (*get_size)(const kes_host_v0* host, const char* pointer, uint64_t* size) KES_NOEXCEPT;
  /* end of minor 0 */
} kes_ext_config_v0;

KES_STATIC_ASSERT(sizeof(kes_ext_config_v0) == 40, "layout of kes_ext_config_v0");

#ifdef __cplusplus
}
#endif

#endif /* KES_EXT_CONFIG_H */
