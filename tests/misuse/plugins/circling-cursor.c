/* Its cursor goes round in circles. */
#include "fixture.h"

static int32_t spoiled_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  const int first = args->cursor_size == 1 && *(const char*)args->cursor == 0x61;
  args->sink->set_cursor(args->sink, first ? "b" : "a", 1);
  return KES_OK;
}

FIXTURE_STORE(.list = spoiled_list)
FIXTURE_PLUGIN("circling-cursor")
