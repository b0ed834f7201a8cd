/* Lists a name that is too long. */
#include "fixture.h"

static int32_t spoiled_list(kes_store_v0* store, const kes_call_v0* call, const kes_list_args_v0* args) {
  (void)store, (void)call, (void)args;
  static const char name[KES_MAX_NAME + 1] = {0x61};
  args->sink->emit(args->sink, name, sizeof name);
  return KES_OK;
}

FIXTURE_STORE(.list = spoiled_list)
FIXTURE_PLUGIN("long-name")
