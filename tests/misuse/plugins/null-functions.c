/* Leaves functions of its store out. */
#include "fixture.h"

FIXTURE_STORE(.get = NULL, .list = NULL)
FIXTURE_PLUGIN("null-functions")
