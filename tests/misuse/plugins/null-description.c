/* Describes nothing. */
#include <kes/plugin.h>

const kes_plugin_v0* kes_plugin_entry_v0(void) {
  return NULL;
}
