/* Commits a value and fails all the same. */
#include "fixture.h"

static int32_t spoiled_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  memcpy(args->sink->reserve(args->sink, 4), "blob", 4);
  args->sink->commit(args->sink, 4);
  return KES_E_UNAVAILABLE;
}

FIXTURE_STORE(.get = spoiled_get)
FIXTURE_PLUGIN("error-after-commit")
