/*
 * A store that does nothing wrong, for fixtures to spoil in one place: define what is wrong, then
 *   FIXTURE_STORE(.get = spoiled_get)          functions of the store that differ
 *   FIXTURE_PLUGIN("id", .vendor = NULL)       members of the description that differ
 */
#ifndef KES_TESTS_MISUSE_FIXTURE_H
#define KES_TESTS_MISUSE_FIXTURE_H

#include <kes/plugin.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wunused-function"

struct kes_store_v0 {
  int unused;
};

static struct kes_store_v0 fixture_store;

static int32_t fixture_open(const kes_call_v0* call, const kes_open_args_v0* args) {
  (void)call;
  *args->store = &fixture_store;
  return KES_OK;
}

static int32_t fixture_close(kes_store_v0* store, const kes_call_v0* call, const kes_close_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_OK;
}

static int32_t fixture_status(kes_store_v0* store, const kes_call_v0* call, const kes_status_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_OK;
}

static int32_t fixture_create(kes_store_v0* store, const kes_call_v0* call, const kes_create_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_OK;
}

static int32_t fixture_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_E_NOT_FOUND;
}

static int32_t fixture_remove(kes_store_v0* store, const kes_call_v0* call, const kes_remove_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_OK;
}

static int32_t fixture_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_OK;
}

static void fixture_error(const kes_call_v0* call, const char* text, const char* pointer) {
  const kes_error_v0 error = {.struct_size = sizeof error,
                              .abi_minor = KES_ABI_MINOR,
                              .text = text,
                              .text_size = strlen(text),
                              .config_pointer = pointer,
                              .config_pointer_size = pointer == NULL ? 0 : strlen(pointer)};
  call->set_error(call, &error);
}

#define FIXTURE_STORE(...)                                                                                \
  static const kes_store_functions_v0 fixture_functions = {.struct_size = sizeof(kes_store_functions_v0), \
                                                           .abi_minor = KES_ABI_MINOR,                    \
                                                           .open = fixture_open,                          \
                                                           .close = fixture_close,                        \
                                                           .status = fixture_status,                      \
                                                           .create = fixture_create,                      \
                                                           .get = fixture_get,                            \
                                                           .remove = fixture_remove,                      \
                                                           .list = fixture_list,                          \
                                                           __VA_ARGS__};

#define FIXTURE_PLUGIN(the_id, ...)                                                 \
  const kes_plugin_v0* kes_plugin_entry_v0(void) {                                  \
    static const kes_plugin_v0 plugin = {.struct_size = sizeof(kes_plugin_v0),      \
                                         .abi_minor = KES_ABI_MINOR,                \
                                         .magic = KES_PLUGIN_MAGIC,                 \
                                         .id = the_id,                              \
                                         .name = "A fixture",                       \
                                         .version = "1",                            \
                                         .vendor = "kes",                           \
                                         .licence = "Apache-2.0",                   \
                                         .url = "",                                 \
                                         .build = "",                               \
                                         .config_schema = "{\"type\": \"object\"}", \
                                         .store = &fixture_functions,               \
                                         __VA_ARGS__};                              \
    return &plugin;                                                                 \
  }

#endif
