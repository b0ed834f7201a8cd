#include "http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "http/h1_session.h"
#include "http/h2_session.h"

namespace kes::http {
namespace {

// How long a client may take to notice that we have closed.
constexpr auto kLinger = std::chrono::seconds(1);

}  // namespace

Connection::Connection(EventLoop& loop, Established established)
    : loop_(loop),
      socket_(std::move(established.client.socket)),
      permit_(std::move(established.client.permit)),
      placeOfAddress_(std::move(established.client.placeOfAddress)),
      placeOfIdentity_(std::move(established.client.placeOfIdentity)),
      tls_(std::move(established.tls)),
      watched_(EPOLLIN),
      unread_(std::move(established.unread)) {
  const auto& record = tls_->peerRecord();
  peer_ = {record.identity, record.error, std::move(established.client.address)};
  if (protocol() == Protocol::http2) {
    session_ = std::make_unique<H2Session>(*this);
  } else {
    session_ = std::make_unique<H1Session>(*this);
  }
  const bool outdated = tls_->authGeneration() != loop_.tls().current()->authGeneration();
  if (loop_.stopping() || outdated) session_->drain();
  loop_.watch(socket_.get(), watched_, *this);
  loop_.noteActive(activity_);
  loop_.counters().open(protocol());
}

Connection::~Connection() = default;

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
  for (bool more = true; more && !broken_;) {
    if (state_ == State::open) {
      session_->resume();
      continueInput();
      session_->produce();
      if (session_->finished() && !broken_) beginClosing();
    }
    const auto before = unsent();
    send();
    more = state_ == State::open && before > kMostUnsent && !congested();
  }
  if (!broken_ && state_ == State::open && endOfInput_) {
    beginClosing();
    send();
  }
  if (!broken_ && state_ == State::closing && unsent() == 0) linger();
  inTurn_ = false;
  if (broken_) {
    close();
    return;
  }
  watchFor();
}

void Connection::drain() {
  if (state_ != State::open) return;
  session_->drain();
  settle();
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  loop_.counters().close(protocol());
  session_.reset();
  disarm();
  socket_.reset();
  placeOfAddress_.release();
  placeOfIdentity_.release();
  loop_.giveOutput(std::move(tls_->output()));
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
  tls_->releaseBuffers();
  if (session_) session_->relax();
}

void Connection::onTimer() {
  if (loop_.now() < deadline_) {
    setDeadline(deadline_);
    return;
  }
  onTimeout();
}

void Connection::onTimeout() {
  const bool stuck = unsent() > 0 && loop_.now() - lastSent_ >= loop_.limits().idle;
  if (state_ != State::open || stuck) {
    if (stuck) loop_.counters().reach(Limit::idleTimeout);
    close();
    return;
  }
  session_->onTimeout();
  settle();
}

void Connection::receive() {
  const auto buffer = loop_.receiveBuffer();
  const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return;
    broken_ = true;
    return;
  }
  if (count == 0) {
    endOfInput_ = true;
    broken_ = broken_ || (state_ != State::open && state_ != State::closing);
    return;
  }
  process(buffer.first(static_cast<std::size_t>(count)));
}

void Connection::process(base::ByteView ciphertext) {
  if (state_ != State::open || broken_) return;
  tls_->feed(ciphertext);
  readRecords();
  const auto rest = tls_->unread();
  unread_.assign(rest.begin(), rest.end());
  tls_->feed({});
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

// What closes the connection leaves with the last answer.
void Connection::beginClosing() {
  session_.reset();
  tls_->sendCloseNotify();
  state_ = State::closing;
  setDeadline(loop_.now() + kLinger);
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
    case State::closed:
      return false;
    default:
      return true;
  }
}

}  // namespace kes::http
