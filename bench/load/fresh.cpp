#include <memory>
#include <optional>
#include <vector>

#include "client.h"
#include "modes.h"
#include "poller.h"
#include "report.h"
#include "standing.h"
#include "workload.h"

namespace kes::load {
namespace {

constexpr std::chrono::seconds kFirstAnswer{10};

// Connect, shake hands, ask, close, and again, over a few connections at once. What is timed is all of it.
class Fresh final : public Driver {
 public:
  explicit Fresh(const Options& options)
      : options_(options),
        resume_(options.fresh == "resumed"),
        report_(options.pid),
        workload_(options),
        context_(options.certificate, options.key, options.protocol, options.group) {
    workload_.prepare(options);
  }

  int run() {
    slots_.resize(options_.connections);
    // One alone, so that those who resume have a session to resume.
    begin(slots_[0]);
    const auto patience = Clock::now() + kFirstAnswer;
    while (report_.requests() == 0 && Clock::now() < patience) serveOnce(patience);
    for (Slot& slot : std::span(slots_).subspan(1)) begin(slot);
    serveUntil(Clock::now() + seconds(options_.warmUp));
    report_.begin();
    resumed_ = 0;
    serveUntil(Clock::now() + seconds(options_.seconds));
    report_.end();
    if (resume_ && resumed_ != report_.requests()) failed("the server did not resume all sessions");

    Figures figures = report_.figures(options_, resume_ ? "fresh resumed" : "fresh full");
    figures.add("at_once", options_.connections);
    figures.add("group", options_.group);
    figures.add("resumed", static_cast<double>(resumed_));
    figures.add("per_second", static_cast<double>(report_.requests()) / report_.seconds());
    figures.add("server_cpu_us", report_.serverMicrosPer(report_.requests()), 2);
    report_.addLatencies(figures);
    return report_.conclude(figures, options_.json);
  }

  void answered(Client&, int status, std::string_view body, Clock::time_point) override {
    Slot& slot = *current_;
    report_.answered(status, body, slot.since);
    if (slot.resumed) ++resumed_;
    slot.over = true;
  }
  void failed(std::string what) override { report_.failed(std::move(what)); }

 private:
  struct Slot {
    std::optional<TlsConnection> handshaking;
    std::unique_ptr<Client> client;
    Clock::time_point since;
    bool resumed = false;
    bool over = false;
  };

  void begin(Slot& slot) {
    slot.over = false;
    slot.since = Clock::now();
    slot.handshaking.emplace(context_, connectTo(options_.host, options_.port),
                             resume_ ? context_.newestSession() : nullptr);
    poller_.add(slot.handshaking->descriptor(), &slot);
  }

  void serveOnce(Clock::time_point end) {
    for (const epoll_event& event : poller_.wait(end - Clock::now()))
      serve(*static_cast<Slot*>(event.data.ptr));
  }
  void serveUntil(Clock::time_point end) {
    while (Clock::now() < end) serveOnce(end);
  }

  void serve(Slot& slot) {
    current_ = &slot;
    if (slot.client == nullptr) {
      if (!slot.handshaking->continueHandshake()) return;
      slot.resumed = slot.handshaking->resumed();
      slot.client = makeClient(options_, *std::move(slot.handshaking), *this);
      slot.handshaking.reset();
      slot.client->submit(workload_.next(), slot.since);
      if (!slot.client->flush()) failed("connection broke");
      return;
    }
    if (slot.client->onReadable() && !slot.over) return;
    slot.client.reset();
    begin(slot);
  }

  const Options& options_;
  const bool resume_;
  Report report_;
  Workload workload_;
  TlsContext context_;
  Poller poller_;
  std::vector<Slot> slots_;
  Slot* current_ = nullptr;
  std::uint64_t resumed_ = 0;
};

}  // namespace

int runFresh(const Options& options) {
  return Fresh(options).run();
}

}  // namespace kes::load
