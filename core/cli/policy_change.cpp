// The commands that change policies, in the memory of one server.

#include <fmt/format.h>

#include "cli/client_options.h"
#include "cli/each_name.h"
#include "cli/policy_commands.h"
#include "config/policy_file.h"

namespace kes::cli {
namespace {

constexpr std::string_view kCreateUsage = R"help(Usage:
    kes policy create [options] <name> <file>

Makes a policy of what a file says, or gives a policy that is there other rules. The server asked keeps it in
memory: it is gone when that server stops, and other servers do not know it. For policies that last, write
them into the configuration file.

The file is YAML or JSON, with lists of path patterns as in the configuration file:

    allow:
    - /v1/key/create/my-app-*
    - /v1/key/generate/my-app-*
    deny:
    - /v1/key/generate/my-app-internal*

What `kes policy show --json` prints is such a file, too.
{}
Examples:
    $ kes policy create my-app policy.yml
    $ kes policy show my-app --json > policy.json && kes policy create my-copy policy.json
)help";

constexpr std::string_view kAssignUsage = R"help(Usage:
    kes policy assign [options] <policy> <identity>...

Puts identities under a policy, from left to right, in place of the policy they had, and stops at the first
that fails. The server asked keeps it in memory: it is gone when that server stops.
{}
Examples:
    $ kes policy assign my-app 3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22
    $ kes policy assign my-app "$(kes identity of client.crt)"
)help";

constexpr std::string_view kRemoveUsage = R"help(Usage:
    kes policy rm [options] <name>...

Deletes policies, from left to right, and stops at the first that fails. Identities under a deleted policy
may do nothing any more. A policy of the configuration file is there again when the server starts anew.
{}
Examples:
    $ kes policy rm my-app
    $ kes policy rm my-app-1 my-app-2
)help";

}  // namespace

int createPolicy(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes policy create", withClientOptions(kCreateUsage));
  addClientOptions(line, options);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->empty()) return line.refuse(console, "no policy name specified");
  if (values->size() == 1) return line.refuse(console, "no policy file specified");
  if (values->size() > 2) return line.refuse(console, "too many arguments");

  const auto rules = config::readPolicyFile((*values)[1]);
  if (!rules) return fail(console, rules.error().message);
  return forEachName({values->front()}, "create policy", options, console,
                     [&rules](client::Client& client, const std::string& name) {
                       return client.writePolicy(name, rules->allow, rules->deny);
                     });
}

int assignPolicy(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes policy assign", withClientOptions(kAssignUsage));
  addClientOptions(line, options);
  auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->empty()) return line.refuse(console, "no policy name specified");
  if (values->size() == 1) return line.refuse(console, "no identity specified");

  const std::string policy = values->front();
  values->erase(values->begin());
  return forEachName(*values, fmt::format("assign policy \"{}\" to", policy), options, console,
                     [&policy](client::Client& client, const std::string& identity) {
                       return client.assignPolicy(policy, identity);
                     });
}

int removePolicy(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes policy rm", withClientOptions(kRemoveUsage));
  addClientOptions(line, options);
  const auto names = line.parse(arguments, console);
  if (!names) return names.error();
  if (names->empty()) return line.refuse(console, "no policy name specified");
  return forEachName(
      *names, "remove policy", options, console,
      [](client::Client& client, const std::string& name) { return client.deletePolicy(name); });
}

}  // namespace kes::cli
