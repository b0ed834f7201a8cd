#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/quota.h"
#include "base/unique_fd.h"
#include "http/connection_limit.h"
#include "http/handshake_gate.h"
#include "http/reactor.h"
#include "http/timer_wheel.h"
#include "http/tls_stream.h"

namespace kes::http {

class Handshaker;

// A connection before TLS is up.
struct Newcomer {
  base::UniqueFd socket;
  std::string address;  // IP literal
  ConnectionLimit::Permit permit;
  base::Quota::Hold placeOfAddress;
  base::Quota::Hold placeOfIdentity;
};

// A connection whose client has proven who it is.
struct Established {
  Newcomer client;
  std::unique_ptr<TlsStream> tls;
  base::Bytes unread;  // ciphertext that came behind the handshake
};

// One TLS handshake. Lives on the handshaker's thread; ends by handing the connection on, or by closing it.
class Handshake final : public IoSource, private Timer, private HandshakeGuest {
 public:
  Handshake(Handshaker& handshaker, Newcomer client);
  ~Handshake() override;

  void onEvents(std::uint32_t events) override;
  // Goes on after its turn at the gate has come.
  void settle();
  // Closes at once.
  void close();

 private:
  enum class State : std::uint8_t {
    silent,  // nothing has arrived
    queued,  // waits for its turn
    running,
    refused,  // the client has yet to take the reason and close
    over,
  };

  void onTimer() override;
  void admitted() override;
  void evicted() override;

  void receive();
  void process(base::ByteView ciphertext);
  void begin(base::ByteView firstBytes);
  void refusePlaintext();
  void step();
  void handOver();
  void send();
  void refuse();
  void fail(HandshakeFailure kind, std::string_view why);
  void watchFor();

  Handshaker& handshaker_;
  Newcomer client_;
  State state_ = State::silent;
  bool broken_ = false;
  std::uint32_t watched_;
  std::unique_ptr<TlsStream> tls_;
  base::Bytes unread_;
  std::size_t sent_ = 0;
};

}  // namespace kes::http
