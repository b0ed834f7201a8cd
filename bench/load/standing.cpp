#include "standing.h"

#include <deque>
#include <utility>

namespace kes::load {
namespace {

// How long answers are awaited that were due within the measurement.
constexpr std::chrono::seconds kLastAnswers{5};

class ClosedLoop final : public Standing {
 public:
  using Standing::Standing;

  int run() {
    open(options_.connections);
    for (const auto& client : clients()) {
      while (client->inFlight() < client->capacity()) client->submit(workload_.next(), Clock::now());
      flush(*client);
    }
    serveUntil(Clock::now() + seconds(options_.warmUp));
    report_.begin();
    serveUntil(Clock::now() + seconds(options_.seconds));
    report_.end();

    Figures figures = report_.figures(options_, "closed loop");
    figures.add("connections", options_.connections);
    figures.add("streams", options_.protocol == "h2" ? options_.streams : 1);
    figures.add("per_second", static_cast<double>(report_.requests()) / report_.seconds());
    figures.add("server_cpu_us", report_.serverMicrosPer(report_.requests()), 2);
    report_.addLatencies(figures);
    return report_.conclude(figures, options_.json);
  }

  void answered(Client& client, int status, std::string_view body, Clock::time_point since) override {
    report_.answered(status, body, since);
    client.submit(workload_.next(), Clock::now());
  }
};

// A request's latency counts from when it was due, not from when a connection was free to send it: the wait
// for a slow server is part of what a user sees, and leaving it out would hide just the worst of it
// ("coordinated omission").
class OpenLoop final : public Standing {
 public:
  using Standing::Standing;

  int run() {
    open(options_.connections);
    interval_ = seconds(1 / options_.rate);
    due_ = Clock::now();
    sendUntil(due_ + seconds(options_.warmUp));
    report_.begin();
    sendUntil(Clock::now() + seconds(options_.seconds));
    report_.end();
    const auto atEnd = static_cast<double>(report_.requests());
    const double cpu = report_.serverMicrosPer(report_.requests());

    const auto end = Clock::now() + kLastAnswers;
    while (inFlight_ + waiting_.size() > 0 && Clock::now() < end && alive()) serveOnce(end);
    if (inFlight_ + waiting_.size() > 0) report_.failed("requests without an answer");

    Figures figures = report_.figures(options_, "open loop");
    figures.add("connections", options_.connections);
    figures.add("streams", options_.protocol == "h2" ? options_.streams : 1);
    figures.add("rate", options_.rate);
    figures.add("per_second", atEnd / report_.seconds());
    figures.add("unanswered", static_cast<double>(inFlight_ + waiting_.size()));
    figures.add("server_cpu_us", cpu, 2);
    report_.addLatencies(figures);
    return report_.conclude(figures, options_.json);
  }

  void answered(Client& client, int status, std::string_view body, Clock::time_point since) override {
    report_.answered(status, body, since);
    --inFlight_;
    if (waiting_.empty()) return;
    submit(client, waiting_.front());
    waiting_.pop_front();
  }

 private:
  void sendUntil(Clock::time_point end) {
    while (due_ < end && alive()) {
      const auto now = Clock::now();
      for (; due_ <= now && due_ < end; due_ += interval_) send();
      serveOnce(std::min(due_, end));
    }
  }

  void send() {
    for (std::size_t tried = 0; tried < clients().size(); ++tried) {
      Client& client = *clients()[turn_++ % clients().size()];
      if (client.inFlight() >= client.capacity()) continue;
      submit(client, due_);
      return flush(client);
    }
    waiting_.push_back(due_);
  }

  void submit(Client& client, Clock::time_point since) {
    client.submit(workload_.next(), since);
    ++inFlight_;
  }

  Clock::duration interval_{};
  Clock::time_point due_;
  std::size_t turn_ = 0;
  std::size_t inFlight_ = 0;
  std::deque<Clock::time_point> waiting_;  // due, but all streams are busy
};

}  // namespace

Standing::Standing(const Options& options)
    : options_(options),
      report_(options.pid),
      workload_(options),
      context_(options.certificate, options.key, options.protocol, options.group) {
  workload_.prepare(options);
}

void Standing::open(unsigned connections) {
  std::vector<TlsConnection> handshaking;
  handshaking.reserve(connections);
  for (unsigned i = 0; i < connections; ++i)
    handshaking.emplace_back(context_, connectTo(options_.host, options_.port));
  for (TlsConnection& connection : handshaking) {
    connection.finishHandshake();
    clients_.push_back(makeClient(options_, std::move(connection), *this));
    poller_.add(clients_.back()->connection().descriptor(), clients_.back().get());
    ++alive_;
  }
}

void Standing::serveOnce(Clock::time_point end) {
  for (const epoll_event& event : poller_.wait(end - Clock::now())) {
    auto* const client = static_cast<Client*>(event.data.ptr);
    if (client->onReadable()) continue;
    poller_.remove(client->connection().descriptor());
    --alive_;
  }
}

void Standing::flush(Client& client) {
  if (!client.flush()) report_.failed("connection broke");
}

int runClosedLoop(const Options& options) {
  return ClosedLoop(options).run();
}

int runOpenLoop(const Options& options) {
  return OpenLoop(options).run();
}

}  // namespace kes::load
