/* Its schema is no JSON. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("schema-not-json", .config_schema = "{\"type\":")
