#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/quota.h"
#include "http/connection_limit.h"
#include "http/counters.h"
#include "http/handshake.h"
#include "http/handshake_gate.h"
#include "http/listener.h"
#include "http/reactor.h"
#include "http/server.h"
#include "http/tls_context.h"

namespace kes::http {

class EventLoop;

// What all handshakers of a server count together.
struct ConnectionQuotas {
  explicit ConnectionQuotas(std::size_t most) : all(std::make_shared<ConnectionLimit>(most)) {}

  std::shared_ptr<ConnectionLimit> all;
  base::Quota addresses;
  base::Quota identities;
};

// A thread that accepts connections and shakes hands, so that a storm of newcomers, each half a millisecond
// of asymmetric cryptography, does not delay those who are connected (docs/decisions/0005). Everything but
// the counters and `post` belongs to that thread.
class Handshaker final : public Reactor {
 public:
  Handshaker(const Limits& limits, std::shared_ptr<TlsSource> tls, Listener& listener,
             std::shared_ptr<ConnectionQuotas> quotas, std::vector<EventLoop*> loops,
             ConnectionErrorSink onError);
  ~Handshaker() override;

  // The thread's work, until `stop`.
  void run();
  // Accepts nothing more and closes what is not established.
  void stop();

  // For the handshakes.
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] const TlsSource& tls() const noexcept { return *tls_; }
  [[nodiscard]] HandshakeGate& gate() noexcept { return gate_; }
  [[nodiscard]] LoopCounters& counters() noexcept { return counters_; }
  void report(std::string_view address, std::string_view what) const { onError_(address, what); }
  // Has the handshake settle at the end of this turn.
  void touch(Handshake& handshake) { touched_.push_back(&handshake); }
  // The handshake is over; it is deleted at the end of this turn.
  void bury(Handshake& handshake);
  // A place among the connections of one identity, or nothing where it has as many as it may.
  [[nodiscard]] std::optional<base::Quota::Hold> admit(std::string_view identity);
  // Hands the connection to the event loop that has the fewest: clients hold few, long connections, so chance
  // would not spread them.
  void deliver(Established connection);

 private:
  class Acceptor;
  class Tick;

  bool acceptOne();
  void refuse(Limit limit, std::string_view address, std::string_view why);
  void settleTouched();

  Limits limits_;
  std::shared_ptr<TlsSource> tls_;
  Listener& listener_;
  std::shared_ptr<ConnectionQuotas> quotas_;
  std::vector<EventLoop*> loops_;
  ConnectionErrorSink onError_;
  LoopCounters counters_;
  HandshakeGate gate_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unordered_set<Handshake*> handshakes_;
  std::vector<Handshake*> touched_;
  std::vector<std::unique_ptr<Handshake>> buried_;
  bool stopping_ = false;
};

}  // namespace kes::http
