/* Exports our entry function and describes itself by another version. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("magic-of-other-major", .magic = KES_PLUGIN_MAGIC + 3)
