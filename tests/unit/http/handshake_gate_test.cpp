#include "http/handshake_gate.h"

#include <gtest/gtest.h>

#include <chrono>

namespace kes::http {
namespace {

using std::chrono::milliseconds;

const base::SteadyTime kStart(std::chrono::hours(1));

class Guest final : public HandshakeGuest {
 public:
  explicit Guest(HandshakeGate& gate) : gate_(gate) {}
  bool isAdmitted = false;
  bool isEvicted = false;
  base::SteadyTime now = kStart;

 private:
  void admitted() override { isAdmitted = true; }
  void evicted() override {
    isEvicted = true;
    gate_.leave(*this, now);
  }
  HandshakeGate& gate_;
};

TEST(HandshakeGate, admitsUpToItsCapacityAndThenInOrder) {
  HandshakeGate gate(2);
  Guest a(gate), b(gate), c(gate), d(gate);
  for (auto* guest : {&a, &b, &c, &d}) gate.enter(*guest, kStart);
  EXPECT_TRUE(a.isAdmitted && b.isAdmitted);
  EXPECT_FALSE(c.isAdmitted || d.isAdmitted);

  gate.leave(a, kStart);

  EXPECT_TRUE(c.isAdmitted);
  EXPECT_FALSE(d.isAdmitted);
  EXPECT_EQ(gate.running(), 2U);
}

TEST(HandshakeGate, forgetsThoseWhoLeaveTheLine) {
  HandshakeGate gate(1);
  Guest a(gate), b(gate), c(gate);
  for (auto* guest : {&a, &b, &c}) gate.enter(*guest, kStart);

  gate.leave(b, kStart);
  gate.leave(a, kStart);

  EXPECT_FALSE(b.isAdmitted);
  EXPECT_TRUE(c.isAdmitted);
}

TEST(HandshakeGate, dawdlersMakeRoomForThoseWhoWait) {
  HandshakeGate gate(1);
  Guest slow(gate), next(gate);
  gate.enter(slow, kStart);
  gate.enter(next, kStart + milliseconds(900));
  EXPECT_FALSE(slow.isEvicted);

  slow.now = kStart + milliseconds(1000);
  gate.sweep(slow.now);

  EXPECT_TRUE(slow.isEvicted);
  EXPECT_TRUE(next.isAdmitted);
  EXPECT_FALSE(next.isEvicted);
}

TEST(HandshakeGate, dawdlersStayWhileNobodyWaits) {
  HandshakeGate gate(1);
  Guest slow(gate);
  gate.enter(slow, kStart);

  gate.sweep(kStart + std::chrono::hours(1));

  EXPECT_FALSE(slow.isEvicted);
}

}  // namespace
}  // namespace kes::http
