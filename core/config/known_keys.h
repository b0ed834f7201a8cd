#pragma once

#include <span>
#include <string_view>

#include "config/reader.h"

namespace kes::config {

// One key of the configuration file. In a path, `<name>` stands for any key and `[]` for the items of a list.
// docs/configuration.md shows this table; a test compares them.
struct KnownKey {
  std::string_view path;
  std::string_view type;
  std::string_view byDefault;  // as it is written in the file; "required", or "" for nothing
  std::string_view description;
};

[[nodiscard]] std::span<const KnownKey> knownKeys();

// Warns about each key of the file that is not in the table. Everything below `keystore` is left to others.
void warnAboutUnknownKeys(Reader& reader, const NodePtr& root);

}  // namespace kes::config
