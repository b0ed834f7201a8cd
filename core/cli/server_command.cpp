#include "cli/server_command.h"

#include "server/run.h"

namespace kes::cli {
namespace {

constexpr const char* kUsage = R"help(Usage:
    kes server [options]

Runs a key server until it is told to stop. SIGHUP makes it read its configuration again; Ctrl-C and SIGTERM
stop it after the requests in flight.

Options:
        --config <file>      Configuration to run with. Needed unless --dev is given.
        --addr <[ip]:port>   Listen there, whatever the configuration says.
                             Default: 0.0.0.0:7373, and 127.0.0.1:7373 with --dev.
        --key <file>         TLS private key, whatever the configuration says.
        --cert <file>        TLS certificate, whatever the configuration says.
        --auth <on|off>      Whether client certificates must be issued by a known
                             authority, whatever the configuration says.
        --plugin-dir <dir>   Look for key store plugins there first. May be repeated.
        --dev                Run for trying things out: keys are in memory and gone at
                             the end, and a new admin API key is printed.
    -h, --help               Print this text.

Examples:
    $ kes server --dev
    $ kes server --config config.yml
    $ kes server --config config.yml --addr 127.0.0.1:7000
)help";

}  // namespace

int serverCommand(Arguments arguments, Console& console) {
  server::RunOptions options;
  CommandLine line("kes server", kUsage);
  line.option("--addr", options.address)
      .option("--config", options.configFile)
      .option("--key", options.keyFile)
      .option("--cert", options.certificateFile)
      .option("--auth", options.clientAuth)
      .list("--plugin-dir", options.pluginDirs)
      .flag("--dev", options.dev);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (!values->empty()) return line.refuse(console, "too many arguments");
  if (options.dev && options.configFile) {
    return fail(console, "'--config' flag is not supported in development mode");
  }
  if (!options.dev && !options.configFile) {
    return line.refuse(
        console, "no configuration file specified. Set the '--config' flag, or '--dev' to try things out");
  }
  return server::run(options);
}

}  // namespace kes::cli
