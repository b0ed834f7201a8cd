/* Nothing wrong: built with a header that ended where minor version 0 ends. Behind its structs lies memory
 * that nobody may read. */
#define _GNU_SOURCE
#include "fixture.h"

#include <sys/mman.h>
#include <unistd.h>

static kes_store_functions_v0* functions;
static kes_plugin_v0* plugin;

/* The first `size` bytes of `full`, right before a page without access. */
static void* at_the_edge(const void* full, size_t size) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) return NULL;
  return memcpy(pages + page - size, full, size);
}

FIXTURE_STORE(.struct_size = offsetof(kes_store_functions_v0, describe))

__attribute__((constructor)) static void build(void) {
  functions = at_the_edge(&fixture_functions, fixture_functions.struct_size);
  const kes_plugin_v0 full = {.struct_size = offsetof(kes_plugin_v0, get_extension),
                              .magic = KES_PLUGIN_MAGIC,
                              .id = "older-header",
                              .name = "An old one",
                              .version = "1",
                              .vendor = "kes",
                              .licence = "Apache-2.0",
                              .url = "",
                              .build = "",
                              .config_schema = "{\"type\": \"object\"}",
                              .store = functions};
  plugin = at_the_edge(&full, full.struct_size);
}

const kes_plugin_v0* kes_plugin_entry_v0(void) {
  return plugin;
}
