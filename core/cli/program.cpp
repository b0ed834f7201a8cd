#include "cli/program.h"

#include <fmt/format.h>

#include <array>

#include "cli/commands.h"
#include "cli/identity_commands.h"
#include "cli/key_commands.h"
#include "cli/list_command.h"
#include "cli/log_command.h"
#include "cli/metric_command.h"
#include "cli/policy_commands.h"
#include "cli/server_command.h"
#include "cli/status_command.h"
#include "cli/unavailable.h"
#include "server/version.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes [options] <command>

Commands:
    server                   Run a key server.

    ls                       List keys, policies and identities.
    key                      Create and use keys.
    policy                   Look at policies, and change them for a while.
    identity                 Make API keys, and tell who they belong to.

    log                      Follow what a server logs.
    status                   Ask a server how it is.
    metric                   Follow what a server counts.

Options:
    -v, --version            Print what this program is.
    -h, --help               Print this text.

Examples:
    $ kes server --dev
    $ export MINIO_KES_SERVER=127.0.0.1:7373 MINIO_KES_API_KEY=kes:v1:...
    $ kes key create my-key -k
    $ kes key create --help
)help";

int gone(Console& console, std::string_view text) {
  return fail(console, text);
}

int initCommand(Arguments, Console& console) {
  return gone(console,
              "'kes init' is gone: servers keep no state. Start one with 'kes server --config <file>'");
}

int enclaveCommand(Arguments, Console& console) {
  return gone(console,
              "'kes enclave' is gone: there are no enclaves. Run a server per tenant, or separate "
              "tenants by policies on key name prefixes");
}

int secretCommand(Arguments, Console& console) {
  return gone(console,
              "'kes secret' is gone: the server keeps keys only. Encrypt the secret with 'kes key "
              "encrypt' and store the ciphertext");
}

int toolIdentityCommand(Arguments arguments, Console& console) {
  constexpr std::array kCommands = {Command{"new", newIdentity}, Command{"of", identityOf}};
  return dispatch("kes tool identity", kUsage, kCommands, arguments, console);
}

// What `kes tool` was for has moved one level up.
int toolCommand(Arguments arguments, Console& console) {
  constexpr std::array kCommands = {Command{"identity", toolIdentityCommand}, Command{"migrate", unavailable},
                                    Command{"update", unavailable}};
  return dispatch("kes tool", kUsage, kCommands, arguments, console);
}

constexpr std::array kCommands = {
    Command{"server", serverCommand},
    Command{"key", keyCommand},
    Command{"identity", identityCommand},
    Command{"status", statusCommand},
    Command{"policy", policyCommand},
    Command{"ls", listCommand},
    Command{"log", logCommand},
    Command{"metric", metricCommand},
    Command{"migrate", unavailable},
    Command{"update", unavailable},
    // Names of earlier KES releases.
    Command{"gateway", serverCommand},
    Command{"audit", logCommand},
    Command{"tool", toolCommand},
    Command{"init", initCommand},
    Command{"enclave", enclaveCommand},
    Command{"secret", secretCommand},
};

std::string_view architecture() {
#if defined(__x86_64__)
  return "amd64";
#elif defined(__aarch64__)
  return "arm64";
#else
  return "<unknown>";
#endif
}

// Options before any command, as in `kes --version`.
int options(Arguments arguments, Console& console) {
  bool version = false;
  bool update = false;
  bool completion = false;
  CommandLine line("kes", std::string(kUsage));
  line.flag("-v,--version", version).flag("-u,--update", update).flag("--auto-completion", completion);
  const auto rest = line.parse(arguments, console);
  if (!rest) return rest.error();
  if (!rest->empty()) {
    return line.refuse(console, fmt::format("\"{}\" is not a kes command", rest->front()));
  }
  if (update || completion) return unavailable(arguments, console);
  if (!version) return showUsage(console, kUsage);
  console.out << versionText(Style::forOutput(console, ColorWhen::automatic));
  return kExitSuccess;
}

}  // namespace

int runProgram(Arguments arguments, Console& console) {
  const bool startsWithOption = !arguments.empty() && arguments.front().starts_with('-');
  const int code =
      startsWithOption ? options(arguments, console) : dispatch("kes", kUsage, kCommands, arguments, console);
  console.out << std::flush;
  if (!console.out && code == kExitSuccess) return fail(console, "the output could not be written");
  return code;
}

std::string versionText(const Style& style) {
  const auto line = [&](std::string_view label, std::string_view value, std::string_view remark) {
    return fmt::format("{:<10} {:<22} {}\n", label, value, style.paint(Role::faint, remark));
  };
  return line("Version", server::version(), fmt::format("commit={}", server::commit())) +
         line("Runtime", fmt::format("C++23 linux/{}", architecture()),
              fmt::format("compiler=g++ {}", __VERSION__)) +
         line("License", "Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0") +
         line("Copyright", "2026 the kes authors", "see LICENSE");
}

}  // namespace kes::cli
