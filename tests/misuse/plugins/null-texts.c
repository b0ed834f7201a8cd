/* Leaves members of its description empty. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("null-texts", .vendor = NULL, .config_schema = NULL)
