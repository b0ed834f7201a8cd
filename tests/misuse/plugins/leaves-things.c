/* Releases memory that is not its own, and closes with a thread still attached. */
#include "fixture.h"

#include <kes/ext/secret.h>
#include <kes/ext/thread.h>

static int32_t spoiled_open(const kes_call_v0* call, const kes_open_args_v0* args) {
  const kes_ext_secret_v0* secret = args->host->get_extension(args->host, KES_EXT_SECRET);
  const kes_ext_thread_v0* thread = args->host->get_extension(args->host, KES_EXT_THREAD);
  secret->release(args->host, &fixture_store);
  thread->attach(args->host, "forgotten");
  return fixture_open(call, args);
}

FIXTURE_STORE(.open = spoiled_open)
FIXTURE_PLUGIN("leaves-things")
