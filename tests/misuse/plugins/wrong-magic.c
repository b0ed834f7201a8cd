/* Returns something else than a description. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("wrong-magic", .magic = 42)
