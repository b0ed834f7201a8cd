#include "cli/status_command.h"

#include "base/time.h"
#include "cli/client_options.h"
#include "cli/json.h"
#include "cli/status_output.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes status [options]

Asks a server how it is. Succeeds when the server answers, which makes `kes status --short` a health check.

    -s, --short              Print just the line that says the server is there.
        --api                List what the server can be asked, too.
{}
Examples:
    $ kes status
    $ kes status --short --server kes.example.net:7373
    $ kes status --api --json
)help";

struct Options {
  ClientOptions client;
  bool brief = false;
  bool api = false;
};

int printJson(const std::string& compact, const Options& options, Console& console) {
  const bool indent = console.outIsTerminal && !options.brief;
  console.out << (indent ? indentJson(compact) : compact) << '\n';
  return kExitSuccess;
}

}  // namespace

int statusCommand(Arguments arguments, Console& console) {
  Options options;
  CommandLine line("kes status", withClientOptions(kUsage, ServerOption::longOnly));
  addClientOptions(line, options.client, ServerOption::longOnly);
  line.flag("-s,--short", options.brief).flag("--api", options.api);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (!values->empty()) return line.refuse(console, "too many arguments");

  auto settings = clientSettings(options.client, console);
  if (!settings) return fail(console, settings.error().message);
  const std::string server = settings->endpoints.front().authority();
  client::Client client(std::move(*settings));
  const Style style = Style::forOutput(console, options.client.color);

  if (options.client.json && options.api) {
    const auto apis = client.apis();
    return apis ? printJson(apiJson(*apis), options, console) : fail(console, explain(apis.error()));
  }
  const auto start = base::SteadyClock::now();
  const auto status = client.status();
  const auto latency = base::SteadyClock::now() - start;
  if (!status) return fail(console, explain(status.error()));
  if (options.client.json) return printJson(statusJson(*status), options, console);

  std::string text = statusHead(server, style);
  if (!options.brief) text += statusBody(*status, latency, style);
  if (options.api) {
    const auto apis = client.apis();
    if (!apis) return fail(console, explain(apis.error()));
    text += apiTable(*apis, style);
  }
  console.out << text;
  return kExitSuccess;
}

}  // namespace kes::cli
