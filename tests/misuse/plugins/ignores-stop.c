/* Goes on after it was told to stop. */
#include "fixture.h"

static int32_t spoiled_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  for (char name = 0x61; name <= 0x7a; ++name) args->sink->emit(args->sink, &name, 1);
  return KES_OK;
}

FIXTURE_STORE(.list = spoiled_list)
FIXTURE_PLUGIN("ignores-stop")
