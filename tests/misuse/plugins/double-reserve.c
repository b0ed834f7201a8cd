/* Reserves twice. */
#include "fixture.h"

static int32_t spoiled_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  args->sink->reserve(args->sink, 4);
  args->sink->reserve(args->sink, 8);
  args->sink->commit(args->sink, 4);
  return KES_OK;
}

FIXTURE_STORE(.get = spoiled_get)
FIXTURE_PLUGIN("double-reserve")
