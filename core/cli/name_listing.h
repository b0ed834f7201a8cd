#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/client_options.h"
#include "cli/console.h"

namespace kes::cli {

// Names that a server lists.
struct NameListing {
  std::string_view heading;  // "Key"
  client::Result<std::vector<std::string>> (client::Client::*names)(std::string_view prefix);
  std::string_view failure = {};  // begins an error, as in "failed to list keys: "
};

// Asks for those that start with the first of `prefixes`, all where there is none, and prints them in
// bytewise order: as a table, or as JSON.
[[nodiscard]] int listNames(const NameListing& listing, const std::vector<std::string>& prefixes,
                            const ClientOptions& options, Console& console);

}  // namespace kes::cli
