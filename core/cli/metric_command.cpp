#include "cli/metric_command.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/time.h"
#include "cli/client_options.h"
#include "cli/interrupt.h"
#include "cli/metric_output.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes metric [options]

Prints what a server counts, until it is interrupted: on a terminal as a table that keeps itself up to date,
elsewhere, and with --json, as one JSON object per line. There a server that does not answer is an error.

        --rate <duration>    How often to ask, as in 500ms or 1m. Default: 5s.
{}
Examples:
    $ kes metric
    $ kes metric --rate 1s --json | jq .kes_http_request_failure
)help";

constexpr const char* kHideCursor = "\x1b[?25l";
constexpr const char* kShowCursor = "\x1b[?25h";

using std::chrono::nanoseconds;

int printLines(client::Client& client, nanoseconds rate, Console& console) {
  for (auto next = base::SteadyClock::now();; std::this_thread::sleep_until(next)) {
    const auto metrics = client.metrics();
    if (!metrics) return fail(console, fmt::format("failed to fetch metrics: {}", explain(metrics.error())));
    console.out << metricsJson(*metrics) << '\n' << std::flush;
    if (!console.out) return kExitSuccess;  // whoever read it has gone; the program tells
    next += rate;
  }
}

// Keeps a table on the screen. When the server stops answering the last numbers stay, with the reason below.
int showTable(client::Client& client, nanoseconds rate, Console& console, const Style& style) {
  auto last = client.metrics();
  if (!last) return fail(console, fmt::format("failed to fetch metrics: {}", explain(last.error())));
  expectInterrupt(kExitSuccess, kShowCursor);
  MetricScreen screen(style);
  console.out << kHideCursor << screen.draw(*last, 0, "") << std::flush;
  double perSecond = 0;
  while (console.out) {
    std::this_thread::sleep_for(rate);
    auto metrics = client.metrics();
    if (metrics) {
      perSecond = requestsPerSecond(*last, *metrics, rate);
      last = std::move(metrics);
      console.out << screen.draw(*last, perSecond, "") << std::flush;
    } else {
      console.out << screen.draw(*last, perSecond, explain(metrics.error())) << std::flush;
    }
  }
  return kExitSuccess;
}

}  // namespace

int metricCommand(Arguments arguments, Console& console) {
  ClientOptions options;
  std::optional<std::string> rateText;
  CommandLine line("kes metric", withClientOptions(kUsage));
  addClientOptions(line, options);
  line.option("--rate", rateText);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (!values->empty()) return line.refuse(console, "too many arguments");
  const auto rate = base::parseDuration(rateText.value_or("5s"));
  if (!rate) {
    return line.refuse(console, fmt::format("invalid argument \"{0}\" for \"--rate\" flag: time: "
                                            "invalid duration \"{0}\"",
                                            *rateText));
  }
  if (*rate <= nanoseconds(0)) return line.refuse(console, "the rate must be longer than 0s");

  auto client = openClient(options, console);
  if (!client) return client.error();
  if (options.json || !console.outIsTerminal) {
    expectInterrupt(kExitSuccess);
    return printLines(*client, *rate, console);
  }
  return showTable(*client, *rate, console, Style::forOutput(console, options.color));
}

}  // namespace kes::cli
