/* Returns a code that get does not have. */
#include "fixture.h"

static int32_t spoiled_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  return KES_E_EXISTS;
}

FIXTURE_STORE(.get = spoiled_get)
FIXTURE_PLUGIN("misplaced-code")
