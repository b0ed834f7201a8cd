#include "http/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace kes::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Alarm final : public Timer {
 public:
  explicit Alarm(std::function<void()> action = {}) : action_(std::move(action)) {}
  int fired = 0;

 private:
  void onTimer() override {
    ++fired;
    if (action_) action_();
  }
  std::function<void()> action_;
};

const base::SteadyTime kStart(hours(1));

TEST(TimerWheel, firesNeverEarlyAndAtMostATickLate) {
  for (const auto delay : {milliseconds(0), milliseconds(1), milliseconds(8), milliseconds(999),
                           milliseconds(8192), milliseconds(8193), milliseconds(50'000)}) {
    TimerWheel wheel(kStart);
    Alarm alarm;
    wheel.schedule(alarm, kStart + delay);
    auto now = kStart;
    while (alarm.fired == 0 && now < kStart + hours(1)) {
      now += milliseconds(1);
      wheel.advance(now);
    }
    EXPECT_GE(now - kStart, delay);
    EXPECT_LE(now - kStart, delay + 2 * TimerWheel::kTick);
    EXPECT_FALSE(alarm.armed());
  }
}

TEST(TimerWheel, firesOnceHoweverLateItIsAdvanced) {
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<Alarm>> alarms;
  for (int i = 0; i < 5000; ++i) {
    alarms.push_back(std::make_unique<Alarm>());
    wheel.schedule(*alarms.back(), kStart + milliseconds(7 * i));
  }

  wheel.advance(kStart + hours(1));
  wheel.advance(kStart + hours(2));

  for (const auto& alarm : alarms) EXPECT_EQ(alarm->fired, 1);
}

TEST(TimerWheel, disarmedAndDestroyedTimersStaySilent) {
  TimerWheel wheel(kStart);
  Alarm disarmed;
  wheel.schedule(disarmed, kStart + seconds(1));
  disarmed.disarm();
  {
    Alarm gone([] { FAIL(); });
    wheel.schedule(gone, kStart + seconds(1));
  }

  wheel.advance(kStart + seconds(2));

  EXPECT_EQ(disarmed.fired, 0);
}

TEST(TimerWheel, reschedulingReplacesTheEarlierTime) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.schedule(alarm, kStart + seconds(1));
  wheel.schedule(alarm, kStart + seconds(20));

  wheel.advance(kStart + seconds(10));
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(kStart + seconds(21));
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, timersMayTouchOthersThatAreDueWithThem) {
  TimerWheel wheel(kStart);
  Alarm second;
  Alarm third;
  Alarm first([&] {
    second.disarm();
    wheel.schedule(third, kStart + seconds(5));
  });
  for (auto* alarm : {&first, &second, &third}) wheel.schedule(*alarm, kStart + seconds(1));

  wheel.advance(kStart + seconds(2));

  EXPECT_EQ(first.fired, 1);
  EXPECT_EQ(second.fired, 0);
  EXPECT_EQ(third.fired, 0);
  EXPECT_TRUE(third.armed());
}

TEST(TimerWheel, timerThatArmsItselfAgainWaitsForTheNextAdvance) {
  TimerWheel wheel(kStart);
  Alarm* self = nullptr;
  Alarm alarm([&] { wheel.schedule(*self, kStart); });
  self = &alarm;
  wheel.schedule(alarm, kStart);

  wheel.advance(kStart + seconds(1));
  EXPECT_EQ(alarm.fired, 1);
  wheel.advance(kStart + seconds(2));
  EXPECT_EQ(alarm.fired, 2);
}

TEST(TimerWheel, saysHowLongNothingWillHappen) {
  TimerWheel wheel(kStart);
  EXPECT_EQ(wheel.millisecondsUntilNext(kStart), 60'000);
  Alarm alarm;
  wheel.schedule(alarm, kStart + milliseconds(100));

  EXPECT_GE(wheel.millisecondsUntilNext(kStart), 100);
  EXPECT_LE(wheel.millisecondsUntilNext(kStart), 116);
  EXPECT_EQ(wheel.millisecondsUntilNext(kStart + seconds(1)), 0);
}

}  // namespace
}  // namespace kes::http
