/* Nothing wrong: built with a header of the future, whose structs have grown. */
#include "fixture.h"

static int32_t of_the_future(void) {
  __builtin_trap();
}

FIXTURE_STORE()

static struct {
  kes_store_functions_v0 known;
  int32_t (*unknown)(void);
} grown_functions = {.unknown = of_the_future};

static struct {
  kes_plugin_v0 known;
  int32_t (*unknown)(void);
} grown_plugin = {.known = {.abi_minor = 7,
                            .magic = KES_PLUGIN_MAGIC,
                            .capabilities = UINT64_MAX - KES_CAP_SERIAL,
                            .id = "newer-header",
                            .name = "A new one",
                            .version = "1",
                            .vendor = "kes",
                            .licence = "Apache-2.0",
                            .url = "",
                            .build = "",
                            .config_schema = "{\"type\": \"object\"}"},
                  .unknown = of_the_future};

__attribute__((constructor)) static void build(void) {
  grown_functions.known = fixture_functions;
  grown_functions.known.struct_size = sizeof grown_functions;
  grown_plugin.known.struct_size = sizeof grown_plugin;
  grown_plugin.known.store = &grown_functions.known;
}

const kes_plugin_v0* kes_plugin_entry_v0(void) {
  return &grown_plugin.known;
}
