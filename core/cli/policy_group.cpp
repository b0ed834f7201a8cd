#include <array>

#include "cli/commands.h"
#include "cli/policy_commands.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes policy <command>

Commands:
    info                     Tell when a policy was made, and by whom.
    ls                       List policies.
    show                     Print what a policy allows and denies.
    explain                  Tell whether a request is allowed, and what decides.

    create                   Make a policy, until the server stops.
    assign                   Put identities under a policy, until the server stops.
    rm                       Delete policies, until the server stops.

Options:
    -h, --help               Print this text.

Examples:
    $ kes policy show my-policy
    $ kes policy create my-policy policy.yml
    $ kes policy create --help
)help";

constexpr std::array kCommands = {
    Command{"info", describePolicy},
    Command{"ls", listPolicies},
    Command{"show", showPolicy},
    Command{"explain", explainPolicy},
    Command{"create", createPolicy},
    Command{"assign", assignPolicy},
    Command{"rm", removePolicy},
    // Names of earlier KES releases.
    Command{"add", createPolicy},
    Command{"list", listPolicies},
    Command{"delete", removePolicy},
};

}  // namespace

int policyCommand(Arguments arguments, Console& console) {
  return dispatch("kes policy", kUsage, kCommands, arguments, console);
}

}  // namespace kes::cli
