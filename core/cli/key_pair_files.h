#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "cli/identity_output.h"

namespace kes::cli {

// Refuses when one of the files exists already.
[[nodiscard]] base::Outcome<void> checkAbsent(const IdentityFiles& files);

// Writes the private key, readable for its owner alone (0600), and the certificate (0644). Files that exist
// are replaced with `force` and refused without. Both are written or, as far as it can be had, none.
[[nodiscard]] base::Outcome<void> writeKeyPair(const IdentityFiles& files, const base::Secret& key,
                                               std::string_view certificate, bool force);

}  // namespace kes::cli
