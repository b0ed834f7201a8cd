/* Its cursor is too large. */
#include "fixture.h"

static int32_t spoiled_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  static const char cursor[KES_MAX_CURSOR + 1];
  args->sink->set_cursor(args->sink, cursor, sizeof cursor);
  return KES_OK;
}

FIXTURE_STORE(.list = spoiled_list)
FIXTURE_PLUGIN("huge-cursor")
