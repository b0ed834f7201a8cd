/* The file is not named after the plugin. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("somebody-else")
