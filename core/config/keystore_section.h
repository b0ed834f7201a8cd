#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace kes::config {

// Picks the one back end below `keystore:` and turns its section into JSON. `root` is the whole file.
[[nodiscard]] KeyStore readKeyStore(const Section& root);

}  // namespace kes::config
