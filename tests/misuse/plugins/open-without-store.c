/* Opens nothing and calls it a success. */
#include "fixture.h"

static int32_t spoiled_open(const kes_call_v0* call, const kes_open_args_v0* args) {
  (void)call, (void)args;
  return KES_OK;
}

FIXTURE_STORE(.open = spoiled_open)
FIXTURE_PLUGIN("open-without-store")
