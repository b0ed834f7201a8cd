/* Has a value that is too large. */
#include "fixture.h"

static int32_t spoiled_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  return args->sink->reserve(args->sink, args->sink->max_size + 1) == NULL ? KES_E_INTERNAL : KES_OK;
}

FIXTURE_STORE(.get = spoiled_get)
FIXTURE_PLUGIN("oversized-reserve")
