#include "cli/list_command.h"

#include "cli/client_options.h"
#include "cli/name_listing.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes ls [options] [<prefix>]

Lists the keys whose name starts with the prefix, or all of them. A trailing * means the same as none.

    -i, --identity           List identities instead.
    -p, --policy             List policies instead.
{}
Examples:
    $ kes ls
    $ kes ls my-key
    $ kes ls --policy --json
)help";

NameListing listingOf(bool identities, bool policies) {
  if (identities) return {"Identity", &client::Client::listIdentities};
  if (policies) return {"Policy", &client::Client::listPolicies};
  return {"Key", &client::Client::listKeys};
}

}  // namespace

int listCommand(Arguments arguments, Console& console) {
  ClientOptions options;
  bool identities = false;
  bool policies = false;
  CommandLine line("kes ls", withClientOptions(kUsage));
  addClientOptions(line, options);
  line.flag("-i,--identity", identities).flag("-p,--policy", policies);
  const auto prefixes = line.parse(arguments, console);
  if (!prefixes) return prefixes.error();
  if (prefixes->size() > 1) return line.refuse(console, "too many arguments");
  if (identities && policies) {
    return fail(console, "'-p / --policy' and '-i / --identity' must not be used at the same time");
  }

  return listNames(listingOf(identities, policies), *prefixes, options, console);
}

}  // namespace kes::cli
