#pragma once

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/encoding.h"
#include "fuzz.h"
#include "http/event_loop.h"
#include "http/session.h"
#include "http/transport.h"
#include "recorder.h"

namespace kes::fuzz {

// How an input is fed, by its last byte.
struct Feeding {
  bool lively;  // things happen between the pieces
  bool tight;   // small limits
  std::uint32_t seed;

  explicit Feeding(std::uint8_t control)
      : lively((control & 1) != 0), tight((control & 2) != 0), seed(control | 1U) {}

  // The next of a few repeatable dice, below `bound`.
  [[nodiscard]] std::size_t roll(std::size_t bound) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % bound;
  }
};

inline http::Limits limitsFor(const Feeding& feeding) {
  http::Limits limits;
  limits.header = limits.body = std::chrono::milliseconds(100);
  // nghttp2 counts a CONTINUATION anew for each piece of its head, so a cut would make a difference.
  limits.continuations = feeding.lively ? 2 : 1'000;
  if (!feeding.tight) return limits;
  limits.headerSize = 300;
  limits.streams = 3;
  limits.bodyPerConnection = 8'000;
  limits.bodyTotal = 1'500;
  limits.answersPerConnection = 50'000;
  limits.resetBurst = 2;
  limits.settingsEntries = limits.unreadAcks = 3;
  return limits;
}

// An event loop that never turns: its sessions are fed by hand, and its clock stands still but for timers.
class StillLoop {
 public:
  explicit StillLoop(const http::Limits& limits)
      : loop_(std::make_shared<http::EventLoop>(limits, nullptr,
                                                std::make_shared<http::BodyMemory>(limits.bodyTotal),
                                                kBodyStep, [](std::string_view, std::string_view what) {
                                                  require(!what.empty(), "a report says something");
                                                })) {
    auto recorder = std::make_unique<Recorder>(base::SteadyClock::now());
    recorder_ = recorder.get();
    loop_->begin(std::move(recorder));
  }

  [[nodiscard]] http::EventLoop& loop() noexcept { return *loop_; }
  [[nodiscard]] Recorder& recorder() noexcept { return *recorder_; }
  void passTime(std::chrono::milliseconds time) {
    elapsed_ += time;
    loop_->timers().advance(loop_->now() + elapsed_);
  }

 private:
  static constexpr std::size_t kBodyStep = 256;

  std::shared_ptr<http::EventLoop> loop_;
  Recorder* recorder_ = nullptr;
  std::chrono::nanoseconds elapsed_{0};
};

// A session and the client at the other end of it. Treats the session as http::Connection does.
template <typename Session>
class SessionDriver final : public http::Transport {
 public:
  explicit SessionDriver(StillLoop& still) : still_(still), session_(std::make_unique<Session>(*this)) {}
  ~SessionDriver() {
    close();
    require(still_.recorder().idle(), "nobody waits for an exchange whose connection is closed");
  }
  SessionDriver(const SessionDriver&) = delete;
  SessionDriver& operator=(const SessionDriver&) = delete;

  http::EventLoop& loop() noexcept override { return still_.loop(); }
  const http::Peer& peer() const noexcept override { return peer_; }
  void write(base::ByteView plaintext) override {
    require(session_ != nullptr, "nothing is written for a connection that is closed");
    output_ += base::textOf(plaintext);
    unsent_ += plaintext.size();
  }
  bool congested() const noexcept override { return unsent_ > kMostUnsent; }
  void setDeadline(base::SteadyTime) override {}
  void touch() override {}
  void report(std::string_view what) override { require(!what.empty(), "a report says something"); }

  // Input in one turn of the loop, as far as the session wants it.
  void receive(base::ByteView piece) {
    unread_.insert(unread_.end(), piece.begin(), piece.end());
    if (session_ && !unread_.empty() && session_->wantsInput()) session_->receive(std::exchange(unread_, {}));
  }

  // The end of the turn, with a client that takes all there is.
  void settle() {
    std::size_t before = 0;
    do {
      before = output_.size() + unread_.size();
      settleCongested();
      unsent_ = 0;
    } while (before != output_.size() + unread_.size());
    if (session_ && session_->finished()) close();
  }

  // The same with a client that takes nothing.
  void settleCongested() {
    if (!session_) return;
    session_->resume();
    receive({});
    session_->produce();
  }

  void passTime() {
    still_.passTime(std::chrono::milliseconds(150));  // more than any deadline here
    if (session_) session_->onTimeout();
    settle();
  }

  void answerDeferred() {
    settle();
    while (still_.recorder().answerDeferred(false)) settle();
  }

  void drain() {
    if (session_) session_->drain();
    settle();
  }

  // One of the things that may happen to a connection between two pieces of input.
  void happen(std::size_t which) {
    if (which == 0) return drain();
    if (which == 1) return passTime();
    if (which == 2) return settleCongested();
    if (which == 3 || which == 4) (void)still_.recorder().answerDeferred(which == 3);
    settle();
  }

  void close() { session_.reset(); }
  [[nodiscard]] const std::string& output() const noexcept { return output_; }

 private:
  static constexpr std::size_t kMostUnsent = 2'000;

  StillLoop& still_;
  http::Peer peer_{.identity = "client", .error = {}, .address = "127.0.0.1"};
  base::Bytes unread_;
  std::string output_;
  std::size_t unsent_ = 0;
  std::unique_ptr<Session> session_;
};

// What one session did, for comparing.
struct Outcome {
  std::string output;
  std::string transcript;
  bool operator==(const Outcome&) const = default;
};

// For the report of a finding.
inline void show(const Outcome& outcome) {
  std::string bytes;
  for (const char c : outcome.output) {
    const bool plain = c >= 0x20 && c < 0x7f;
    bytes += plain ? std::string(1, c) : "\\x" + base::encodeHex(base::bytesOf({&c, 1}));
  }
  (void)std::fprintf(stderr, "answers: %s\nrequests: %s\n", bytes.c_str(), outcome.transcript.c_str());
}

inline void requireSame(const Outcome& whole, const Outcome& pieces) {
  if (whole == pieces) return;
  show(whole);
  show(pieces);
  require(false, "it makes no difference where the input is cut");
}

// Feeds the input in one turn, in one piece or in several, and lets all be answered.
template <typename Session>
Outcome speak(StillLoop& still, base::ByteView input, Feeding feeding, bool inPieces) {
  still.recorder().startOver();
  SessionDriver<Session> driver(still);
  while (!input.empty()) {
    const auto size = inPieces ? std::min(1 + feeding.roll(40), input.size()) : input.size();
    driver.receive(input.first(size));
    input = input.subspan(size);
  }
  driver.answerDeferred();
  return {driver.output(), still.recorder().transcript()};
}

// Feeds the input in pieces between which things happen, and comes to every end a connection may have.
template <typename Session>
std::string live(StillLoop& still, base::ByteView input, Feeding feeding) {
  still.recorder().startOver();
  SessionDriver<Session> driver(still);
  while (!input.empty()) {
    const auto size = std::min(1 + feeding.roll(60), input.size());
    driver.receive(input.first(size));
    driver.happen(feeding.roll(16));
    input = input.subspan(size);
  }
  driver.settle();
  if (feeding.roll(2) == 0) driver.answerDeferred();
  if (feeding.roll(2) == 0) driver.drain();
  driver.passTime();
  driver.passTime();
  driver.passTime();
  return driver.output();
}

}  // namespace kes::fuzz
