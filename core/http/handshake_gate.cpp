#include "http/handshake_gate.h"

#include <chrono>

namespace kes::http {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);

}  // namespace

void HandshakeGate::enter(HandshakeGuest& guest, base::SteadyTime now) {
  guest.place_ = HandshakeGuest::Place::waiting;
  guest.insertBefore(waitingList_);
  if (running_ == capacity_) sweep(now);
  admitWaiting(now);
}

void HandshakeGate::leave(HandshakeGuest& guest, base::SteadyTime now) {
  if (guest.place_ == HandshakeGuest::Place::running) --running_;
  guest.place_ = HandshakeGuest::Place::none;
  guest.unlink();
  admitWaiting(now);
}

void HandshakeGate::sweep(base::SteadyTime now) {
  while (waitingList_.linked() && runningList_.linked()) {
    auto& oldest = static_cast<HandshakeGuest&>(*runningList_.next);
    if (now - oldest.since_ < kPatience) return;
    oldest.evicted();
  }
}

void HandshakeGate::admitWaiting(base::SteadyTime now) {
  while (running_ < capacity_ && waitingList_.linked()) {
    auto& next = static_cast<HandshakeGuest&>(*waitingList_.next);
    next.unlink();
    next.insertBefore(runningList_);
    next.place_ = HandshakeGuest::Place::running;
    next.since_ = now;
    ++running_;
    next.admitted();
  }
}

}  // namespace kes::http
