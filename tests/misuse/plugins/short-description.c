/* Its description ends before what every version has. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("short-description", .struct_size = 40)
