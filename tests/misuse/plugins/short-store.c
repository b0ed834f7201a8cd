/* Its table of functions ends before what every version has. */
#include "fixture.h"

FIXTURE_STORE(.struct_size = 16)
FIXTURE_PLUGIN("short-store")
