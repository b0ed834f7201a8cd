/* Its cursor does not advance. */
#include "fixture.h"

static int32_t spoiled_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  args->sink->emit(args->sink, "key", 3);
  args->sink->set_cursor(args->sink, "here", 4);
  return KES_OK;
}

FIXTURE_STORE(.list = spoiled_list)
FIXTURE_PLUGIN("stuck-cursor")
