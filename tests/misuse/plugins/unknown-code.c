/* Returns a code of its own. */
#include "fixture.h"

static int32_t spoiled_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  fixture_error(call, "the moon is full", NULL);
  return 77;
}

FIXTURE_STORE(.get = spoiled_get)
FIXTURE_PLUGIN("unknown-code")
