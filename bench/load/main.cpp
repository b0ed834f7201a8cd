// kes_load: how many requests a KES server answers, how fast, and what each costs it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "modes.h"

namespace kes::load {
namespace {

constexpr const char* kAbout =
    "Puts a KES server under load from one thread, and tells what came of it.\n\n"
    "There are four modes. By default every stream of every connection is kept busy (closed loop): the "
    "figure\n"
    "to look at is server_cpu_us, what a request costs. With --rate requests are due at fixed times, "
    "whether\n"
    "the server keeps up or not (open loop): look at the latencies, which count from when a request was "
    "due.\n"
    "With --fresh each request has a connection of its own, and with --idle connections ask once and stay.";

constexpr const char* kExamples =
    "Examples, each with --port, --cert and --key, and --pid for the server's CPU and memory:\n"
    "  kes_load --create-key                              generate over h2, 4 connections x 16 streams\n"
    "  kes_load --protocol http/1.1 --connections 64      the same over http/1.1\n"
    "  kes_load --mix decrypt=90,generate=9,encrypt=1     what a MinIO server that is mostly read asks\n"
    "  kes_load --rate 20000 --seconds 10                 latencies at 20,000 requests per second\n"
    "  kes_load --fresh full --protocol http/1.1          what a handshake costs\n"
    "  kes_load --fresh resumed --protocol http/1.1       and one that resumes a session\n"
    "  kes_load --idle 10000 --seconds 10                 what an idle connection costs\n\n"
    "Errors are answers other than 200, and connections that broke; any of them makes the exit code 1.\n"
    "Creates leave their keys behind: point them at a key store that is thrown away.";

int run(const Options& options) {
  if (options.idle > 0) return runIdle(options);
  if (!options.fresh.empty()) return runFresh(options);
  if (options.rate > 0) return runOpenLoop(options);
  return runClosedLoop(options);
}

void addOptions(CLI::App& app, Options& options) {
  const auto add = [&app](const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->capture_default_str();
  };
  add("--host", options.host, "IPv4 address of the server");
  add("--port", options.port, "Port of the server");
  add("--cert", options.certificate, "Client certificate (PEM)")->required();
  add("--key", options.key, "Client private key (PEM)")->required();
  add("--pid", options.pid, "Process of the server, to measure what it uses");
  add("--protocol", options.protocol, "h2 or http/1.1")->check(CLI::IsMember({"h2", "http/1.1"}));
  add("--group", options.group, "Group of the key exchange");
  add("--mix", options.mix, "What is asked: generate, decrypt, encrypt, version, create, or KIND=WEIGHT,...");
  add("--key-name", options.keyName, "Master key to use");
  app.add_flag("--create-key", options.createKey, "Create the key first, unless it exists");
  add("--connections", options.connections, "Connections; with --fresh: those made at once")
      ->check(CLI::Range(1, 20'000));
  add("--streams", options.streams, "Requests in flight on each h2 connection")->check(CLI::Range(1, 1000));
  add("--seconds", options.seconds, "Length of the measurement")->check(CLI::Range(0.1, 600.0));
  add("--warm-up", options.warmUp, "Seconds before it")->check(CLI::Range(0.0, 60.0));
  auto* const rate =
      add("--rate", options.rate, "Requests per second, at fixed times")->check(CLI::Range(1.0, 1e6));
  auto* const fresh =
      add("--fresh", options.fresh, "A new connection for each request, its handshake full or resumed")
          ->check(CLI::IsMember({"full", "resumed"}));
  auto* const idle = add("--idle", options.idle, "Connections to hold idle")->check(CLI::Range(2, 60'000));
  fresh->excludes(rate);
  idle->excludes(rate)->excludes(fresh);
  app.add_flag("--json", options.json, "One line of JSON");
}

}  // namespace
}  // namespace kes::load

int main(int argc, char** argv) {
  CLI::App app(kes::load::kAbout);
  app.footer(kes::load::kExamples);
  kes::load::Options options;
  kes::load::addOptions(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return kes::load::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}\n", error.what());
    return 1;
  }
}
