#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace kes::config {

// Reads and checks the section `limits:`.
[[nodiscard]] Limits readLimits(const Section& section);

}  // namespace kes::config
