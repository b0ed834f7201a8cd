/* Has no store. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("no-store", .store = NULL)
