/* Its schema is JSON, but no schema. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("schema-not-schema", .config_schema = "{\"type\": \"no such type\"}")
