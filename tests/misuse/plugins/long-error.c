/* Talks too much. */
#include "fixture.h"

static int32_t spoiled_get(kes_store_v0* store, const kes_call_v0* call, const kes_get_args_v0* args) {
  (void)store, (void)call, (void)args;
  static char text[5000];
  memset(text, 1, sizeof text - 1);
  fixture_error(call, text, NULL);
  return KES_E_INTERNAL;
}

FIXTURE_STORE(.get = spoiled_get)
FIXTURE_PLUGIN("long-error")
