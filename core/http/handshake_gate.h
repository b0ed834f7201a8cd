#pragma once

#include <cstddef>

#include "base/time.h"
#include "http/list_link.h"

namespace kes::http {

// What stands at the gate: one connection that wants to shake hands.
class HandshakeGuest : private ListLink {
 protected:
  HandshakeGuest() = default;
  virtual ~HandshakeGuest() = default;

 private:
  friend class HandshakeGate;
  enum class Place { none, waiting, running };

  // The handshake may begin.
  virtual void admitted() = 0;
  // Others need the place; the guest must leave the gate before it returns.
  virtual void evicted() = 0;

  Place place_ = Place::none;
  base::SteadyTime since_{};
};

// Bounds the handshakes in progress of one handshaker. Whoever comes later waits in line; a client that has
// dawdled for a second gives its place to one that waits.
class HandshakeGate {
 public:
  explicit HandshakeGate(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}

  // `admitted` follows, maybe before this returns.
  void enter(HandshakeGuest& guest, base::SteadyTime now);
  // The handshake has ended in whatever way, or the wait for it.
  void leave(HandshakeGuest& guest, base::SteadyTime now);
  // Called about once a second.
  void sweep(base::SteadyTime now);

  [[nodiscard]] std::size_t running() const noexcept { return running_; }

 private:
  void admitWaiting(base::SteadyTime now);

  std::size_t capacity_;
  std::size_t running_ = 0;
  ListLink runningList_;  // oldest first
  ListLink waitingList_;
};

}  // namespace kes::http
