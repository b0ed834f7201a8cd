#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "http/event_loop.h"
#include "http/handshake_gate.h"
#include "http/server.h"
#include "http/session.h"
#include "http/timer_wheel.h"
#include "http/tls_stream.h"
#include "http/transport.h"
#include "http/unique_fd.h"

namespace kes::http {

// One TCP connection: socket, TLS and the protocol spoken inside. Lives and dies on one event loop.
class Connection final : public IoSource, public Transport, private Timer, private HandshakeGuest {
 public:
  Connection(EventLoop& loop, UniqueFd socket, std::string address);
  ~Connection() override;

  void onEvents(std::uint32_t events) override;
  [[nodiscard]] bool costly() const noexcept override;
  // Goes on after something happened outside of `onEvents`.
  void settle();
  // Takes no further requests.
  void drain();
  // Gives back what only a busy connection needs.
  void relax();
  // Closes at once, whatever is in flight.
  void close();

  // Of the rules for client authentication it began under; nothing before the handshake.
  [[nodiscard]] std::optional<std::uint64_t> authGeneration() const noexcept {
    return tls_ ? std::optional(tls_->authGeneration()) : std::nullopt;
  }

  // For the sessions.
  EventLoop& loop() noexcept override { return loop_; }
  const Peer& peer() const noexcept override { return peer_; }
  void write(base::ByteView plaintext) override;
  bool congested() const noexcept override { return unsent() > kMostUnsent; }
  void setDeadline(base::SteadyTime deadline) override;
  void touch() override;
  void report(std::string_view what) override { loop_.report(peer_.address, what); }

 private:
  static constexpr std::size_t kMostUnsent = 256 * 1024;

  enum class State : std::uint8_t {
    silent,  // nothing has arrived
    queued,  // waits for its turn to shake hands
    handshaking,
    open,
    closing,    // what was written is still to be sent
    lingering,  // all is sent; the client has yet to close
    closed,
  };

  void onTimer() override;
  void onTimeout();
  void admitted() override;
  void evicted() override;

  [[nodiscard]] std::size_t unsent() const noexcept { return tls_ ? tls_->output().size() - sent_ : 0; }
  void receive();
  void process(base::ByteView ciphertext);
  void beginHandshake(base::ByteView firstBytes);
  void shakeHands();
  void handshakeFailed(std::string_view why);
  void refusePlaintext();
  void open();
  void readRecords();
  void continueInput();
  void send();
  void beginClosing();
  void linger();
  void watchFor();
  [[nodiscard]] bool wantsToReceive() const;

  EventLoop& loop_;
  UniqueFd socket_;
  Activity activity_{*this};
  Peer peer_;
  State state_ = State::silent;
  bool inTurn_ = false;
  bool touched_ = false;
  bool endOfInput_ = false;
  bool broken_ = false;
  std::uint32_t watched_ = 0;
  std::optional<TlsStream> tls_;
  std::unique_ptr<Session> session_;
  base::Bytes unread_;  // ciphertext that waits until the session wants input
  std::size_t sent_ = 0;
  base::SteadyTime lastSent_{};
  base::SteadyTime deadline_;
  base::SteadyTime armedFor_{};
};

}  // namespace kes::http
