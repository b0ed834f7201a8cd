/* Nothing wrong with it; its configuration can be. */
#include "fixture.h"

FIXTURE_STORE()
FIXTURE_PLUGIN("with-settings",
               .config_schema =
                   "{\"type\": \"object\", \"required\": [\"endpoint\"],"
                   " \"additionalProperties\": false, \"properties\": {"
                   "   \"endpoint\": {\"type\": \"string\", \"pattern\": \"^https://\"},"
                   "   \"token\": {\"type\": \"string\", \"maxLength\": 4},"
                   "   \"tls\": {\"type\": \"object\", \"properties\": {"
                   "     \"a/b~c\": {\"type\": \"integer\"}}},"
                   "   \"hosts\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}}}")
