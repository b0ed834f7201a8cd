#include "cli/log_command.h"

#include <fmt/format.h>

#include <functional>

#include "cli/client_options.h"
#include "cli/interrupt.h"
#include "cli/log_output.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes log [options]

Prints what a server logs from now on, until it is interrupted or the server stops.

        --audit              Print who asked for what. This is the default.
        --error              Print what went wrong.

With --json each event is one line with one JSON object.
{}
Examples:
    $ kes log
    $ kes log --error
    $ kes log --json | jq 'select(.response.code == 403)'
)help";

struct Options {
  ClientOptions client;
  bool audit = false;
  bool error = false;
};

using Print = std::function<client::Result<std::string>(std::string line)>;

Print printerOf(const Options& options, const Console& console) {
  if (options.client.json) {
    return [safely = console.outIsTerminal](std::string line) { return eventJson(std::move(line), safely); };
  }
  if (options.error) return errorLine;
  return [style = Style::forOutput(console, options.client.color)](std::string line) {
    return auditLine(std::move(line), style);
  };
}

// Prints each event as it comes.
int follow(client::LineStream& stream, const Print& print, Console& console) {
  for (;;) {
    auto line = stream.next();
    if (!line) return fail(console, explain(line.error()));
    if (!*line) return kExitSuccess;
    const auto text = print(std::move(**line));
    if (!text) return fail(console, explain(text.error()));
    console.out << *text << std::flush;
    if (!console.out) return kExitSuccess;  // whoever read it has gone; the program tells
  }
}

}  // namespace

int logCommand(Arguments arguments, Console& console) {
  // `kes log trace` and `kes audit trace` are of early KES releases.
  if (!arguments.empty() && arguments.front() == "trace") arguments = arguments.subspan(1);
  Options options;
  CommandLine line("kes log", withClientOptions(kUsage));
  addClientOptions(line, options.client);
  line.flag("--audit", options.audit).flag("--error", options.error);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (!values->empty()) return line.refuse(console, "too many arguments");
  if (options.audit && options.error) {
    return fail(console, "cannot display audit and error logs at the same time");
  }

  auto client = openClient(options.client, console);
  if (!client) return client.error();
  const auto stream = client->followLog(options.error ? client::LogKind::error : client::LogKind::audit);
  if (!stream) {
    return fail(console, fmt::format("failed to connect to {} log: {}", options.error ? "error" : "audit",
                                     explain(stream.error())));
  }
  if (!options.client.json) expectInterrupt(kExitSuccess);
  if (!options.client.json && !options.error) {
    console.out << auditHeading(Style::forOutput(console, options.client.color)) << std::flush;
  }
  return follow(**stream, printerOf(options, console), console);
}

}  // namespace kes::cli
