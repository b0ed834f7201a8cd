#include "cli/name_listing.h"

#include <algorithm>

#include "cli/json.h"
#include "cli/name_table.h"

namespace kes::cli {

int listNames(const NameListing& listing, const std::vector<std::string>& prefixes,
              const ClientOptions& options, Console& console) {
  auto client = openClient(options, console);
  if (!client) return client.error();
  auto names = ((*client).*listing.names)(prefixes.empty() ? "" : prefixes.front());
  if (!names) return fail(console, std::string(listing.failure) + explain(names.error()));
  std::ranges::sort(*names);
  console.out << (options.json
                      ? jsonStrings(*names) + "\n"
                      : nameTable(listing.heading, *names, Style::forOutput(console, options.color)));
  return kExitSuccess;
}

}  // namespace kes::cli
