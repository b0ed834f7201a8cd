// The commands that look at policies.

#include <fmt/format.h>

#include "cli/client_options.h"
#include "cli/json.h"
#include "cli/name_listing.h"
#include "cli/policy_commands.h"
#include "cli/policy_output.h"

namespace kes::cli {
namespace {

constexpr std::string_view kInfoUsage = R"help(Usage:
    kes policy info [options] <name>

Prints when a policy was made, and by whom. Those of the configuration file are made by the admin when the
server starts.
{}
Examples:
    $ kes policy info my-policy
    $ kes policy info my-policy --json
)help";

constexpr std::string_view kListUsage = R"help(Usage:
    kes policy ls [options] [<prefix>]

Lists the policies whose name starts with the prefix, or all of them. A trailing * means the same as none.
{}
Examples:
    $ kes policy ls
    $ kes policy ls 'my-policy*' --json
)help";

constexpr std::string_view kShowUsage = R"help(Usage:
    kes policy show [options] <name>

Prints what a policy allows and denies: as text on a terminal, and as JSON elsewhere.
{}
Examples:
    $ kes policy show my-policy
    $ kes policy show my-policy --json
    $ kes policy show my-policy > policy.json && kes policy create my-copy policy.json
)help";

}  // namespace

int describePolicy(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes policy info", withClientOptions(kInfoUsage));
  addClientOptions(line, options);
  const auto names = line.parse(arguments, console);
  if (!names) return names.error();
  if (names->empty()) return line.refuse(console, "no policy name specified");
  if (names->size() > 1) return line.refuse(console, "too many arguments");

  auto client = openClient(options, console);
  if (!client) return client.error();
  const auto info = client->describePolicy(names->front());
  if (!info) return fail(console, explain(info.error()));
  if (options.json) {
    printJson(policyInfoJson(*info), console);
  } else {
    console.out << policyInfoText(*info, Style::forOutput(console, options.color));
  }
  return kExitSuccess;
}

int listPolicies(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes policy ls", withClientOptions(kListUsage));
  addClientOptions(line, options);
  const auto prefixes = line.parse(arguments, console);
  if (!prefixes) return prefixes.error();
  if (prefixes->size() > 1) return line.refuse(console, "too many arguments");

  return listNames({"Policy", &client::Client::listPolicies, "failed to list policies: "}, *prefixes, options,
                   console);
}

int showPolicy(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes policy show", withClientOptions(kShowUsage));
  addClientOptions(line, options);
  const auto names = line.parse(arguments, console);
  if (!names) return names.error();
  if (names->empty()) return line.refuse(console, "no policy name specified");
  if (names->size() > 1) return line.refuse(console, "too many arguments");

  auto client = openClient(options, console);
  if (!client) return client.error();
  const auto policy = client->readPolicy(names->front());
  if (!policy) {
    return fail(console,
                fmt::format("failed to show policy '{}': {}", names->front(), explain(policy.error())));
  }
  if (options.json || !console.outIsTerminal) {
    printJson(policyJson(*policy), console);
  } else {
    console.out << policyText(*policy, Style::forOutput(console, options.color));
  }
  return kExitSuccess;
}

}  // namespace kes::cli
