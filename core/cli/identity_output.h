#pragma once

#include <string>
#include <string_view>

#include "cli/style.h"

namespace kes::cli {

// Where a new key pair was written; both empty when it was not.
struct IdentityFiles {
  std::string key;
  std::string certificate;
};

// Wipe what of these holds an API key after printing it.

// What `kes identity new` tells, on terminals and pipes alike.
[[nodiscard]] std::string newIdentityText(std::string_view apiKey, std::string_view identity,
                                          const IdentityFiles& files);

// What `kes identity` tells a person: of a new API key, of one found in a file, of an identity.
[[nodiscard]] std::string apiKeyText(std::string_view apiKey, std::string_view identity, const Style& style);
[[nodiscard]] std::string apiKeyOfFileText(std::string_view apiKey, std::string_view file,
                                           const Style& style);
[[nodiscard]] std::string identityText(std::string_view identity, const Style& style);

}  // namespace kes::cli
