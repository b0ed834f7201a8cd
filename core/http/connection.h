#pragma once

#include <cstdint>
#include <memory>

#include "http/event_loop.h"
#include "http/handshake.h"
#include "http/server.h"
#include "http/session.h"
#include "http/timer_wheel.h"
#include "http/tls_stream.h"
#include "http/transport.h"

namespace kes::http {

// One established connection: socket, TLS and the protocol spoken inside. Lives and dies on one event loop.
class Connection final : public IoSource, public Transport, private Timer {
 public:
  Connection(EventLoop& loop, Established established);
  ~Connection() override;

  void onEvents(std::uint32_t events) override;
  // Goes on after something happened outside of `onEvents`.
  void settle();
  // Takes no further requests.
  void drain();
  // Gives back what only a busy connection needs.
  void relax();
  // Closes at once, whatever is in flight.
  void close();

  // Of the rules for client authentication it was made under.
  [[nodiscard]] std::uint64_t authGeneration() const noexcept { return tls_->authGeneration(); }

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
    open,
    closing,    // what was written is still to be sent
    lingering,  // all is sent; the client has yet to close
    closed,
  };

  void onTimer() override;
  void onTimeout();

  [[nodiscard]] Protocol protocol() const noexcept {
    return tls_->choseHttp2() ? Protocol::http2 : Protocol::http1;
  }
  [[nodiscard]] std::size_t unsent() const noexcept { return tls_->output().size() - sent_; }
  void receive();
  void process(base::ByteView ciphertext);
  void readRecords();
  void continueInput();
  void send();
  void beginClosing();
  void linger();
  void watchFor();
  [[nodiscard]] bool wantsToReceive() const;

  EventLoop& loop_;
  base::UniqueFd socket_;
  ConnectionLimit::Permit permit_;
  base::Quota::Hold placeOfAddress_;
  base::Quota::Hold placeOfIdentity_;
  std::unique_ptr<TlsStream> tls_;
  Peer peer_;
  Activity activity_{*this};
  State state_ = State::open;
  bool inTurn_ = false;
  bool touched_ = false;
  bool endOfInput_ = false;
  bool broken_ = false;
  std::uint32_t watched_ = 0;
  std::unique_ptr<Session> session_;
  base::Bytes unread_;  // ciphertext that waits until the session wants input
  std::size_t sent_ = 0;
  base::SteadyTime lastSent_{};
  base::SteadyTime deadline_;
  base::SteadyTime armedFor_{};
};

}  // namespace kes::http
