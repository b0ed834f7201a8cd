// The commands about identities that ask a server.

#include <fmt/format.h>

#include "cli/client_options.h"
#include "cli/each_name.h"
#include "cli/identity_commands.h"
#include "cli/identity_info.h"
#include "cli/json.h"
#include "cli/name_listing.h"

namespace kes::cli {
namespace {

constexpr std::string_view kInfoUsage = R"help(Usage:
    kes identity info [options] [<identity>]

Prints what a server knows about an identity: its role and its policy. Without an identity it is about you,
needs no rights, and tells what your policy allows and denies, too.
{}
Examples:
    $ kes identity info
    $ kes identity info 3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22
    $ kes identity info "$(kes identity of client.crt)" --json
)help";

constexpr std::string_view kListUsage = R"help(Usage:
    kes identity ls [options] [<prefix>]

Lists the identities that have a policy, and the admin, or those of them that start with the prefix. A
trailing * means the same as none.
{}
Examples:
    $ kes identity ls
    $ kes identity ls 'b804befd*' --json
)help";

constexpr std::string_view kAssignUsage = R"help(Usage:
    kes identity assign [options] <identity> <policy>

Puts an identity under a policy. `kes policy assign` does the same for several.
{}
Examples:
    $ kes identity assign 3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22 my-app
)help";

constexpr std::string_view kRemoveUsage = R"help(Usage:
    kes identity rm [options] <identity>...

Takes identities off their policies, from left to right, and stops at the first that fails: they may do
nothing any more. The server asked keeps it in memory; what its configuration file says counts again when it
starts anew.
{}
Examples:
    $ kes identity rm 3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22
)help";

int print(const std::string& compact, const std::string& text, const ClientOptions& options,
          Console& console) {
  if (options.json) {
    printJson(compact, console);
  } else {
    console.out << text;
  }
  return kExitSuccess;
}

}  // namespace

int describeIdentity(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes identity info", withClientOptions(kInfoUsage));
  addClientOptions(line, options);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->size() > 1) return line.refuse(console, "too many arguments");

  auto client = openClient(options, console);
  if (!client) return client.error();
  const Style style = Style::forOutput(console, options.color);
  if (values->empty()) {
    const auto self = client->describeSelf();
    if (!self) return fail(console, explain(self.error()));
    return print(selfInfoJson(*self), selfInfoText(*self, style), options, console);
  }
  const std::string& identity = values->front();
  const auto info = client->describeIdentity(identity);
  if (!info) return fail(console, explain(info.error()));
  return print(identityInfoJson(identity, *info), identityInfoText(identity, *info, style), options, console);
}

int listIdentities(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes identity ls", withClientOptions(kListUsage));
  addClientOptions(line, options);
  const auto prefixes = line.parse(arguments, console);
  if (!prefixes) return prefixes.error();
  if (prefixes->size() > 1) return line.refuse(console, "too many arguments");

  return listNames({"Identity", &client::Client::listIdentities, "failed to list identities: "}, *prefixes,
                   options, console);
}

int assignIdentity(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes identity assign", withClientOptions(kAssignUsage));
  addClientOptions(line, options);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->empty()) return line.refuse(console, "no identity specified");
  if (values->size() == 1) return line.refuse(console, "no policy name specified");
  if (values->size() > 2) return line.refuse(console, "too many arguments");
  const std::string& policy = (*values)[1];
  return forEachName({values->front()}, fmt::format("assign policy \"{}\" to", policy), options, console,
                     [&policy](client::Client& client, const std::string& identity) {
                       return client.assignPolicy(policy, identity);
                     });
}

int removeIdentity(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes identity rm", withClientOptions(kRemoveUsage));
  addClientOptions(line, options);
  const auto identities = line.parse(arguments, console);
  if (!identities) return identities.error();
  if (identities->empty()) return line.refuse(console, "no identity specified");
  return forEachName(
      *identities, "remove identity", options, console,
      [](client::Client& client, const std::string& identity) { return client.deleteIdentity(identity); });
}

}  // namespace kes::cli
