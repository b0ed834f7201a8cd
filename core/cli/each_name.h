#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/client_options.h"
#include "cli/console.h"

namespace kes::cli {

// Runs `call` on the client for each name, from left to right, until one fails; `what` begins the error, as
// in "create key".
template <typename Call>
[[nodiscard]] int forEachName(const std::vector<std::string>& names, std::string_view what,
                              const ClientOptions& options, Console& console, Call call) {
  auto client = openClient(options, console);
  if (!client) return client.error();
  for (const std::string& name : names) {
    if (const auto done = call(*client, name); !done) {
      return fail(console, fmt::format("failed to {} \"{}\": {}", what, name, explain(done.error())));
    }
  }
  return kExitSuccess;
}

}  // namespace kes::cli
