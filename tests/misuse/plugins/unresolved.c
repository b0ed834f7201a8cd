/* Needs a function that nobody has. */
#include "fixture.h"

int nobody_has_this(void);

static int32_t spoiled_status(kes_store_v0* store, const kes_call_v0* call, const kes_status_args_v0* args) {
  (void)store, (void)call, (void)args;
  return nobody_has_this();
}

FIXTURE_STORE(.status = spoiled_status)
FIXTURE_PLUGIN("unresolved")
