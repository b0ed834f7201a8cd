#pragma once

#include <memory>
#include <vector>

#include "client.h"
#include "modes.h"
#include "poller.h"
#include "report.h"
#include "workload.h"

namespace kes::load {

[[nodiscard]] inline Clock::duration seconds(double count) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

[[nodiscard]] inline std::unique_ptr<Client> makeClient(const Options& options, TlsConnection connection,
                                                        Driver& driver) {
  return options.protocol == "h2" ? makeH2Client(std::move(connection), driver, options.streams)
                                  : makeH1Client(std::move(connection), driver);
}

// What the modes with standing connections share: they are all opened first, then driven by one thread.
class Standing : public Driver {
 public:
  explicit Standing(const Options& options);

  void failed(std::string what) override { report_.failed(std::move(what)); }

 protected:
  void open(unsigned connections);
  // Waits for answers, at most until `end`, and lets the clients take them.
  void serveOnce(Clock::time_point end);
  void serveUntil(Clock::time_point end) {
    while (Clock::now() < end && alive_ > 0) serveOnce(end);
  }
  void flush(Client& client);
  [[nodiscard]] const std::vector<std::unique_ptr<Client>>& clients() const noexcept { return clients_; }
  [[nodiscard]] bool alive() const noexcept { return alive_ > 0; }

  const Options& options_;
  Report report_;
  Workload workload_;

 private:
  TlsContext context_;
  Poller poller_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t alive_ = 0;
};

}  // namespace kes::load
