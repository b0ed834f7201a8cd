/* Cannot open, and says why at length, with line breaks and an escape sequence. */
#include "fixture.h"

static int32_t spoiled_open(const kes_call_v0* call, const kes_open_args_v0* args) {
  (void)args;
  fixture_error(call, "the back end said:\n\x1b[31mno\x1b[0m \xff", "/endpoint");
  return KES_E_DENIED;
}

FIXTURE_STORE(.open = spoiled_open)
FIXTURE_PLUGIN("open-fails")
