#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <span>
#include <stdexcept>

#include "standing.h"

namespace kes::load {
namespace {

// Servers give back what only a busy connection needs, but not at once.
constexpr std::chrono::seconds kSettle{4};
constexpr std::chrono::seconds kAnswers{30};
constexpr unsigned kAtOnce = 32;
constexpr rlim_t kSpareDescriptors = 64;

void allowDescriptors(unsigned connections) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = connections + kSpareDescriptors;
  if (limit.rlim_max < wanted)
    throw std::runtime_error(fmt::format("only {} descriptors are allowed: ulimit -Hn", limit.rlim_max));
  limit.rlim_cur = std::max(limit.rlim_cur, wanted);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

class Idle final : public Standing {
 public:
  using Standing::Standing;

  int run() {
    allowDescriptors(options_.idle);
    // The first connection pays for what all of them share.
    report_.begin();
    openAndAsk(1);
    const ProcessUse before = useOf(options_.pid);
    const auto start = Clock::now();
    openAndAsk(options_.idle - 1);
    const double opening = std::chrono::duration<double>(Clock::now() - start).count();
    const std::uint64_t answers = report_.requests();
    serveUntil(Clock::now() + kSettle);
    report_.end();

    const ProcessUse settled = useOf(options_.pid);
    serveUntil(Clock::now() + seconds(options_.seconds));
    const ProcessUse after = useOf(options_.pid);
    if (answers != options_.idle) report_.failed("a connection without an answer");

    Figures figures = report_.figures(options_, "idle");
    figures.add("connections", options_.idle);
    figures.add("opening_seconds", opening, 2);
    figures.add("server_rss_before_kib", static_cast<double>(before.residentBytes) / 1024);
    figures.add("server_rss_kib", static_cast<double>(after.residentBytes) / 1024);
    figures.add("server_rss_per_connection_kib",
                (static_cast<double>(after.residentBytes) - static_cast<double>(before.residentBytes)) /
                    1024 / (options_.idle - 1),
                2);
    figures.add("server_threads", after.threads);
    figures.add("idle_cpu_percent", (after.cpu - settled.cpu).count() / options_.seconds * 100, 2);
    return report_.conclude(figures, options_.json);
  }

  void answered(Client&, int status, std::string_view body, Clock::time_point since) override {
    report_.answered(status, body, since);
  }

 private:
  // A few at once, so that no server has to turn handshakes away.
  void openAndAsk(unsigned connections) {
    while (connections > 0) {
      const std::size_t first = clients().size();
      open(std::min(connections, kAtOnce));
      const auto opened = std::span(clients()).subspan(first);
      for (const auto& client : opened) {
        client->submit(workload_.next(), Clock::now());
        flush(*client);
      }
      const auto end = Clock::now() + kAnswers;
      while (std::ranges::any_of(opened, &waiting) && Clock::now() < end && alive()) serveOnce(end);
      connections -= static_cast<unsigned>(opened.size());
    }
  }

  static bool waiting(const std::unique_ptr<Client>& client) { return client->inFlight() > 0; }
};

}  // namespace

int runIdle(const Options& options) {
  return Idle(options).run();
}

}  // namespace kes::load
