#include "http/handshake.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/handshaker.h"

namespace kes::http {
namespace {

// How long a refused client may take to read why and close.
constexpr auto kLinger = std::chrono::seconds(1);

// What net/http answers, so that a person with the wrong URL scheme finds out.
constexpr std::string_view kPlaintextAnswer =
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

// A TLS handshake record starts with 22; an HTTP request with a method.
bool looksLikePlainHttp(base::ByteView bytes) {
  static constexpr std::string_view kMethods[] = {"GET ",    "HEAD ",    "POST ", "PUT ",
                                                  "DELETE ", "OPTIONS ", "PRI "};
  const auto text = base::textOf(bytes);
  return std::ranges::any_of(kMethods, [&](std::string_view method) { return text.starts_with(method); });
}

}  // namespace

Handshake::Handshake(Handshaker& handshaker, Newcomer client)
    : handshaker_(handshaker), client_(std::move(client)), watched_(EPOLLIN) {
  handshaker_.watch(client_.socket.get(), watched_, *this);
  handshaker_.timers().schedule(*this, handshaker_.now() + handshaker_.limits().handshake);
}

Handshake::~Handshake() = default;

void Handshake::onEvents(std::uint32_t events) {
  if (state_ == State::over) return;
  if ((events & EPOLLOUT) != 0) send();
  if ((events & EPOLLIN) != 0) {
    receive();
  } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    broken_ = true;
  }
  settle();
}

void Handshake::settle() {
  if (state_ == State::running && !unread_.empty()) process(std::exchange(unread_, {}));
  if (state_ == State::over) return;
  send();
  if (broken_) {
    close();
    return;
  }
  watchFor();
}

void Handshake::close() {
  if (std::exchange(state_, State::over) == State::over) return;
  handshaker_.gate().leave(*this, handshaker_.now());
  disarm();
  client_.socket.reset();
  handshaker_.bury(*this);
}

void Handshake::onTimer() {
  if (state_ != State::refused) handshaker_.counters().reach(Limit::handshakeTimeout);
  if (state_ == State::queued || state_ == State::running)
    fail(HandshakeFailure::timeout, "tls: handshake timed out");
  close();
}

void Handshake::admitted() {
  tls_ = std::make_unique<TlsStream>(handshaker_.tls().current());
  broken_ = broken_ || !tls_->valid();
  state_ = State::running;
  handshaker_.touch(*this);
}

void Handshake::evicted() {
  fail(HandshakeFailure::evicted, "tls: handshake given up for others that wait");
  close();
}

void Handshake::receive() {
  std::array<std::uint8_t, 16 * 1024> buffer;
  const auto count = ::recv(client_.socket.get(), buffer.data(), buffer.size(), 0);
  if (count > 0) {
    process(base::ByteView(buffer).first(static_cast<std::size_t>(count)));
    return;
  }
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
  broken_ = true;
  if (state_ != State::running) return;
  if (count == 0) return fail(HandshakeFailure::closed, "tls: client closed the connection in the handshake");
  fail(HandshakeFailure::network, std::string("tls: ") + std::strerror(errno));
}

void Handshake::process(base::ByteView ciphertext) {
  if (state_ == State::silent) {
    begin(ciphertext);
    // At the gate there is always another turn to come.
    if (state_ == State::queued || state_ == State::running)
      unread_.assign(ciphertext.begin(), ciphertext.end());
    return;
  }
  if (state_ != State::running || broken_) return;
  tls_->feed(ciphertext);
  step();
  if (tls_) tls_->feed({});
}

void Handshake::begin(base::ByteView firstBytes) {
  if (looksLikePlainHttp(firstBytes)) {
    refusePlaintext();
    return;
  }
  state_ = State::queued;
  handshaker_.gate().enter(*this, handshaker_.now());
  if (state_ == State::queued) handshaker_.counters().reach(Limit::handshakes);
}

void Handshake::refusePlaintext() {
  fail(HandshakeFailure::plaintext, "tls: client sent a plain HTTP request");
  static_cast<void>(::send(client_.socket.get(), kPlaintextAnswer.data(), kPlaintextAnswer.size(),
                           MSG_NOSIGNAL | MSG_DONTWAIT));
  refuse();
}

void Handshake::step() {
  switch (tls_->handshake()) {
    case TlsStream::Step::wantsInput:
      return;
    case TlsStream::Step::failed:
      fail(tls_->refusedCertificate() ? HandshakeFailure::certificate : HandshakeFailure::protocol,
           tls_->failure());
      handshaker_.gate().leave(*this, handshaker_.now());
      refuse();  // the alert is still to be sent
      return;
    case TlsStream::Step::done:
      handOver();
      return;
  }
}

// What is still to be sent leaves with the first answer.
void Handshake::handOver() {
  handshaker_.gate().leave(*this, handshaker_.now());
  auto place = handshaker_.admit(tls_->peerRecord().identity);
  if (!place) {
    handshaker_.report(client_.address, "too many connections of identity " + tls_->peerRecord().identity);
    tls_->sendCloseNotify();
    refuse();
    return;
  }
  client_.placeOfIdentity = std::move(*place);
  const auto rest = tls_->unread();
  unread_.assign(rest.begin(), rest.end());
  tls_->feed({});
  state_ = State::over;
  disarm();
  handshaker_.unwatch(client_.socket.get());
  auto& output = tls_->output();
  output.erase(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(std::exchange(sent_, 0)));
  handshaker_.deliver({std::move(client_), std::move(tls_), std::move(unread_)});
  handshaker_.bury(*this);
}

void Handshake::send() {
  if (!tls_) return;
  auto& output = tls_->output();
  while (sent_ < output.size()) {
    const auto count =
        ::send(client_.socket.get(), output.data() + sent_, output.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) broken_ = true;
      return;
    }
    sent_ += static_cast<std::size_t>(count);
  }
  output.clear();
  sent_ = 0;
  if (state_ == State::refused) ::shutdown(client_.socket.get(), SHUT_WR);
}

// Closing a socket with unread input makes the kernel reset the connection, which may cost the client the
// reason; so we wait for it to close first.
void Handshake::refuse() {
  state_ = State::refused;
  handshaker_.timers().schedule(*this, handshaker_.now() + kLinger);
  if (!tls_) ::shutdown(client_.socket.get(), SHUT_WR);
}

void Handshake::fail(HandshakeFailure kind, std::string_view why) {
  handshaker_.counters().fail(kind);
  handshaker_.report(client_.address, why);
}

void Handshake::watchFor() {
  std::uint32_t wanted = state_ == State::queued ? 0U : EPOLLIN;
  if (tls_ && sent_ < tls_->output().size()) wanted |= EPOLLOUT;
  if (wanted == watched_) return;
  watched_ = wanted;
  handshaker_.rewatch(client_.socket.get(), wanted, *this);
}

}  // namespace kes::http
