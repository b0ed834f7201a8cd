/* Speaks another version of the interface. */
__attribute__((visibility("default"))) const void* kes_plugin_entry_v7(void);
const void* kes_plugin_entry_v7(void) {
  return 0;
}
