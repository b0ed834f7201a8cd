#include "http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "http/h1_session.h"
#include "http/h2_session.h"

namespace kes::http {
namespace {

// How long a client may take to notice that we have closed.
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

Connection::Connection(EventLoop& loop, UniqueFd socket, std::string address)
    : loop_(loop), socket_(std::move(socket)), deadline_(loop.now() + loop.limits().handshake) {
  peer_.address = std::move(address);
  watched_ = EPOLLIN;
  loop_.watch(socket_.get(), watched_, *this);
  setDeadline(deadline_);
}

Connection::~Connection() = default;

bool Connection::costly() const noexcept {
  return state_ == State::silent || state_ == State::handshaking;
}

void Connection::onEvents(std::uint32_t events) {
  if (state_ == State::closed) return;
  loop_.noteActive(activity_);
  inTurn_ = true;
  if ((events & EPOLLOUT) != 0) send();
  if ((events & EPOLLIN) != 0 && wantsToReceive()) {
    receive();
  } else if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
    broken_ = true;
  }
  inTurn_ = false;
  settle();
}

// Brings the connection to rest: everything that can be answered is answered, everything that can be sent is
// sent, and the loop watches for what may happen next.
void Connection::settle() {
  touched_ = false;
  if (state_ == State::closed) return;
  inTurn_ = true;
  if (state_ == State::handshaking && !unread_.empty()) process(std::exchange(unread_, {}));
  for (bool more = true; more && !broken_;) {
    if (state_ == State::open) {
      session_->resume();
      continueInput();
      session_->produce();
    }
    const auto before = unsent();
    send();
    more = state_ == State::open && before > kMostUnsent && !congested();
  }
  if (!broken_ && state_ == State::open && (session_->finished() || endOfInput_)) beginClosing();
  if (!broken_ && state_ == State::closing && unsent() == 0) linger();
  inTurn_ = false;
  if (broken_) {
    close();
    return;
  }
  watchFor();
}

void Connection::drain() {
  if (state_ == State::open) {
    session_->drain();
    settle();
    return;
  }
  if (state_ == State::silent || state_ == State::queued || state_ == State::handshaking) close();
}

void Connection::close() {
  if (state_ == State::closed) return;
  const bool gated = state_ == State::queued || state_ == State::handshaking;
  state_ = State::closed;
  if (gated) loop_.handshakes().leave(*this, loop_.now());
  session_.reset();
  disarm();
  socket_.reset();
  if (tls_) loop_.giveOutput(std::move(tls_->output()));
  loop_.bury(*this);
}

void Connection::write(base::ByteView plaintext) {
  if (tls_->output().capacity() == 0) tls_->output() = loop_.takeOutput();
  if (tls_->write(plaintext)) return;
  report(tls_->failure());
  broken_ = true;
}

void Connection::setDeadline(base::SteadyTime deadline) {
  deadline_ = deadline;
  // A later deadline costs nothing now: the timer looks again when it fires.
  if (armed() && armedFor_ <= deadline) return;
  armedFor_ = deadline;
  loop_.timers().schedule(*this, deadline);
}

void Connection::touch() {
  if (inTurn_ || touched_ || state_ == State::closed) return;
  touched_ = true;
  loop_.touch(*this);
}

void Connection::relax() {
  if (tls_) tls_->releaseBuffers();
}

void Connection::onTimer() {
  if (loop_.now() < deadline_) {
    setDeadline(deadline_);
    return;
  }
  onTimeout();
}

void Connection::onTimeout() {
  switch (state_) {
    case State::queued:
    case State::handshaking:
      handshakeFailed("tls: handshake timed out");
      close();
      return;
    case State::open:
      if (unsent() > 0 && loop_.now() - lastSent_ >= loop_.limits().idle) {
        close();
        return;
      }
      session_->onTimeout();
      settle();
      return;
    default:
      close();
      return;
  }
}

void Connection::admitted() {
  tls_.emplace(loop_.tls().current());
  broken_ = broken_ || !tls_->valid();
  state_ = State::handshaking;
  touch();
}

void Connection::evicted() {
  loop_.counters().refused.add();
  handshakeFailed("tls: handshake given up for others that wait");
  close();
}

void Connection::receive() {
  const auto buffer = loop_.receiveBuffer();
  const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
    if (state_ == State::handshaking) handshakeFailed(std::string("tls: ") + std::strerror(errno));
    broken_ = true;
    return;
  }
  if (count == 0) {
    if (state_ == State::handshaking) handshakeFailed("tls: client closed the connection in the handshake");
    endOfInput_ = true;
    broken_ = broken_ || (state_ != State::open && state_ != State::closing);
    return;
  }
  process(buffer.first(static_cast<std::size_t>(count)));
}

void Connection::process(base::ByteView ciphertext) {
  if (state_ == State::lingering || state_ == State::closing) return;
  if (state_ == State::silent) {
    beginHandshake(ciphertext);
    if (state_ == State::queued) unread_.assign(ciphertext.begin(), ciphertext.end());
  }
  if (state_ != State::handshaking && state_ != State::open) return;
  if (!tls_ || broken_) return;

  tls_->feed(ciphertext);
  if (state_ == State::handshaking) shakeHands();
  if (state_ == State::open) readRecords();
  const auto rest = tls_->unread();
  unread_.assign(rest.begin(), rest.end());
  tls_->feed({});
}

void Connection::beginHandshake(base::ByteView firstBytes) {
  if (looksLikePlainHttp(firstBytes)) {
    refusePlaintext();
    return;
  }
  state_ = State::queued;
  loop_.handshakes().enter(*this, loop_.now());
}

void Connection::refusePlaintext() {
  handshakeFailed("tls: client sent a plain HTTP request");
  static_cast<void>(
      ::send(socket_.get(), kPlaintextAnswer.data(), kPlaintextAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  linger();
}

void Connection::shakeHands() {
  switch (tls_->handshake()) {
    case TlsStream::Step::wantsInput:
      return;
    case TlsStream::Step::failed:
      handshakeFailed(tls_->failure());
      loop_.handshakes().leave(*this, loop_.now());
      state_ = State::closing;  // the alert is still to be sent
      setDeadline(loop_.now() + kLinger);
      return;
    case TlsStream::Step::done:
      loop_.handshakes().leave(*this, loop_.now());
      open();
      return;
  }
}

void Connection::handshakeFailed(std::string_view why) {
  loop_.counters().handshakeErrors.add();
  report(why);
}

void Connection::open() {
  state_ = State::open;
  loop_.counters().handshakes.add();
  if (tls_->resumed()) loop_.counters().resumed.add();
  const auto& record = *tls_->peerRecord();
  peer_.identity = record.identity;
  peer_.error = record.error;
  if (tls_->choseHttp2()) {
    session_ = std::make_unique<H2Session>(*this);
  } else {
    session_ = std::make_unique<H1Session>(*this);
  }
  const bool outdated = tls_->authGeneration() != loop_.tls().current()->authGeneration();
  if (loop_.stopping() || outdated) session_->drain();
}

void Connection::readRecords() {
  const auto buffer = loop_.plaintextBuffer();
  // OpenSSL reads no further than it needs, so without input there is no whole record.
  while (!tls_->unread().empty() && !broken_ && session_->wantsInput()) {
    const auto [outcome, size] = tls_->read(buffer);
    switch (outcome) {
      case TlsStream::Read::data:
        session_->receive(buffer.first(size));
        base::wipe(buffer.first(size));
        continue;
      case TlsStream::Read::wantsInput:
        return;
      case TlsStream::Read::closed:
        endOfInput_ = true;
        return;
      case TlsStream::Read::failed:
        report(tls_->failure());
        broken_ = true;
        return;
    }
  }
}

void Connection::continueInput() {
  if (unread_.empty() || !session_->wantsInput()) return;
  const auto ciphertext = std::exchange(unread_, {});
  process(ciphertext);
}

void Connection::send() {
  if (!tls_) return;
  auto& output = tls_->output();
  while (unsent() > 0) {
    const auto count = ::send(socket_.get(), output.data() + sent_, output.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) broken_ = true;
      return;
    }
    sent_ += static_cast<std::size_t>(count);
    lastSent_ = loop_.now();
  }
  sent_ = 0;
  if (output.capacity() > 0) loop_.giveOutput(std::move(output));
}

void Connection::beginClosing() {
  session_.reset();
  tls_->sendCloseNotify();
  state_ = State::closing;
  setDeadline(loop_.now() + kLinger);
  send();
}

// Closing a socket with unread input makes the kernel reset the connection, which may cost the client the
// answer; so we wait for it to close first.
void Connection::linger() {
  if (endOfInput_) {
    broken_ = true;
    return;
  }
  ::shutdown(socket_.get(), SHUT_WR);
  state_ = State::lingering;
  setDeadline(loop_.now() + kLinger);
}

void Connection::watchFor() {
  std::uint32_t wanted = wantsToReceive() ? EPOLLIN : 0U;
  if (unsent() > 0) wanted |= EPOLLOUT;
  if (wanted == watched_) return;
  watched_ = wanted;
  loop_.rewatch(socket_.get(), wanted, *this);
}

bool Connection::wantsToReceive() const {
  if (endOfInput_) return false;
  switch (state_) {
    case State::open:
      return unread_.empty() && !congested() && session_->wantsInput();
    case State::queued:
    case State::closed:
      return false;
    default:
      return true;
  }
}

}  // namespace kes::http
