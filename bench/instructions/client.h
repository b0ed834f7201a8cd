#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/event_loop.h"
#include "load/client.h"

namespace kes::instructions {

// A number of like requests over one connection, or of connections with one request each.
struct Phase {
  std::string name;
  std::string protocol;
  load::RequestPtr request;
  unsigned atOnce = 1;   // requests that are sent together, then awaited together
  unsigned rounds = 1;   // how often
  bool fresh = false;    // each round on a connection of its own, whose handshake counts
  bool resumed = false;  // with `fresh`: resumes the session of the connection before
};

// Plays the phases against the loop it lives on itself: in one thread and in lock-step, so that every run
// takes the same steps. Before each phase the counters are set to zero, after it callgrind writes them out
// under its name.
class Client final : public http::IoSource, public load::Driver {
 public:
  Client(http::EventLoop& loop, std::uint16_t port, const std::string& certificate, const std::string& key,
         std::vector<Phase> phases);

  // Starts the first phase; the loop stops after the last one.
  void start();
  // callgrind is told to count nothing in here.
  void onEvents(std::uint32_t events) override;

  void answered(load::Client& client, int status, std::string_view body,
                load::Clock::time_point since) override;
  void failed(std::string what) override;

 private:
  // Rounds that are played before counting, so that buffers have grown and tables are warm.
  static constexpr unsigned kWarmUp = 4;

  void step();
  void connect();
  void sendRound();
  void endRound();
  [[nodiscard]] const Phase& phase() const noexcept { return phases_.front(); }

  http::EventLoop& loop_;
  const std::uint16_t port_;
  load::TlsContext h1_;
  load::TlsContext h2_;
  std::deque<Phase> phases_;
  std::optional<load::TlsConnection> connecting_;
  bool established_ = false;
  std::unique_ptr<load::Client> client_;
  unsigned round_ = 0;
  unsigned waiting_ = 0;
};

}  // namespace kes::instructions
