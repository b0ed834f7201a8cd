/* Cannot do without what a later minor version brought. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("needs-newer-host", .min_host_minor = 99)
