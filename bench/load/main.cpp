// kes_load: how many requests a KES server answers, how fast, and what each costs it.

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "client.h"

namespace kes::load {
namespace {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7373;
  std::string protocol = "h2";
  std::string certificate;
  std::string key;
  unsigned connections = 4;
  unsigned streams = 16;
  double seconds = 2;
  double warmUp = 0.3;
  int pid = 0;
  bool json = false;
  Request request{"PUT", "", "/v1/key/generate/bench", R"({"context":"YnVja2V0L29iamVjdA=="})"};
};

std::unique_ptr<Client> connect(SSL_CTX* context, const Options& options, Report& report) {
  TlsConnection connection(context, options.host, options.port);
  if (options.protocol == "h2")
    return makeH2Client(std::move(connection), options.request, report, options.streams);
  return makeH1Client(std::move(connection), options.request, report);
}

// Turns the event loop for `seconds`. False when no connection is left.
bool turn(int epoll, double seconds, unsigned& open) {
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::array<epoll_event, 256> events;
  while (Clock::now() < end) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 10);
    for (int i = 0; i < ready; ++i) {
      auto* const client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (client->onReadable()) continue;
      ::epoll_ctl(epoll, EPOLL_CTL_DEL, client->connection().descriptor(), nullptr);
      if (--open == 0) return false;
    }
  }
  return true;
}

void print(const Options& options, const Report& report, double seconds, double cpuSeconds) {
  const auto requests = static_cast<double>(report.requests());
  const double cpuMicros = options.pid != 0 && requests > 0 ? cpuSeconds * 1e6 / requests : 0;
  const std::string_view form =
      options.json
          ? R"({{"protocol":"{}","connections":{},"streams":{},"seconds":{:.3f},"requests":{},"errors":{},"per_second":{:.0f},"p50_us":{:.1f},"p99_us":{:.1f},"p999_us":{:.1f},"server_cpu_us":{:.2f}}})"
          : "{} {} x {}: {:.2f} s, {} requests, {} errors, {:.0f}/s, p50 {:.1f} us, p99 {:.1f} us, p99.9 "
            "{:.1f} us, "
            "server CPU {:.2f} us/request";
  fmt::print(fmt::runtime(form), options.protocol, options.connections, options.streams, seconds,
             report.requests(), report.errors(), requests / seconds, report.percentile(0.5),
             report.percentile(0.99), report.percentile(0.999), cpuMicros);
  fmt::print("\n");
  if (report.errors() != 0) fmt::print(stderr, "first error: {}\n", report.firstError());
}

int run(Options options) {
  options.request.authority = fmt::format("{}:{}", options.host, options.port);
  const SslContext context =
      makeContext(options.certificate, options.key, options.protocol == "h2" ? "h2" : "http/1.1");
  Report report;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Client>> clients;
  for (unsigned i = 0; i < options.connections; ++i) {
    clients.push_back(connect(context.get(), options, report));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = clients.back().get()}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->connection().descriptor(), &event);
  }
  for (const auto& client : clients) client->start();

  unsigned open = options.connections;
  bool alive = turn(epoll, options.warmUp, open);
  report.reset();
  const auto cpuBefore = options.pid != 0 ? cpuTimeOf(options.pid) : std::chrono::duration<double>(0);
  const auto start = Clock::now();
  alive = alive && turn(epoll, options.seconds, open);
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  const auto cpuAfter = options.pid != 0 ? cpuTimeOf(options.pid) : std::chrono::duration<double>(0);
  ::close(epoll);
  print(options, report, elapsed.count(), (cpuAfter - cpuBefore).count());
  return alive && report.errors() == 0 && report.requests() > 0 ? 0 : 1;
}

}  // namespace
}  // namespace kes::load

int main(int argc, char** argv) {
  kes::load::Options options;
  CLI::App app(
      "Puts a KES server under load with one client thread: every connection keeps its streams busy.");
  app.add_option("--host", options.host, "IPv4 address of the server")->capture_default_str();
  app.add_option("--port", options.port, "Port of the server")->capture_default_str();
  app.add_option("--protocol", options.protocol, "h2 or http/1.1")
      ->check(CLI::IsMember({"h2", "http/1.1"}))
      ->capture_default_str();
  app.add_option("--cert", options.certificate, "Client certificate (PEM)")->required();
  app.add_option("--key", options.key, "Client private key (PEM)")->required();
  app.add_option("--connections", options.connections, "Connections")->capture_default_str();
  app.add_option("--streams", options.streams, "Requests in flight on each h2 connection")
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Length of the measurement")->capture_default_str();
  app.add_option("--warm-up", options.warmUp, "Seconds before it")->capture_default_str();
  app.add_option("--pid", options.pid, "Process of the server, to measure its CPU time");
  app.add_option("--method", options.request.method, "Request method")->capture_default_str();
  app.add_option("--path", options.request.path, "Request path")->capture_default_str();
  app.add_option("--body", options.request.body, "Request body")->capture_default_str();
  app.add_flag("--json", options.json, "One line of JSON");
  CLI11_PARSE(app, argc, argv);
  try {
    return kes::load::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}\n", error.what());
    return 1;
  }
}
