/* Does not care for the prefix. */
#include "fixture.h"

static int32_t spoiled_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  args->sink->emit(args->sink, "my-key", 6);
  args->sink->emit(args->sink, "foreign", 7);
  return KES_OK;
}

FIXTURE_STORE(.list = spoiled_list)
FIXTURE_PLUGIN("foreign-names")
