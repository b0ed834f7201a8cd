#include "http/h1_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "http/event_loop.h"
#include "http/response_head.h"

namespace kes::http {
namespace {

// How much of a body that nobody asked for is read to keep the connection.
constexpr std::uint64_t kMostDrained = 256 * 1024;
// Requests that arrive while one waits for its answer: this much is read ahead.
constexpr std::size_t kReadAhead = 16 * 1024;
// How long a client that is told nothing else may take for another request.
constexpr auto kDrainNotice = std::chrono::seconds(1);
// Bodies up to this size leave in one piece with their head.
constexpr std::size_t kJoinedBody = 16 * 1024;

void appendChunkSize(WipedBytes& out, std::size_t size) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), size, 16).ptr;
  out.append(std::string_view(digits.begin(), end));
  out.append("\r\n");
}

}  // namespace

H1Session::H1Session(Transport& transport)
    : transport_(transport), parser_(transport.loop().limits().headerSize) {
  transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().idle);
}

H1Session::~H1Session() {
  if (exchange_ == nullptr) return;
  exchange_->abandon();
  transport_.loop().exchanges().release(*exchange_);
}

void H1Session::receive(base::ByteView plaintext) {
  if (finished_) return;
  if (!pending_.empty() || waiting()) {
    pending_.append(plaintext);
    consumePending();
    return;
  }
  const auto used = consume(plaintext);
  pending_.append(plaintext.subspan(used));
}

void H1Session::resume() {
  endRequestIfAnswered();
  consumePending();
}

bool H1Session::wantsInput() const {
  if (finished_ || transport_.congested()) return false;
  return !waiting() || pending_.size() < kReadAhead;
}

void H1Session::consumePending() {
  if (pending_.empty() || waiting() || finished_) return;
  const auto used = consume(pending_.view());
  pending_.dropFront(used);
  if (pending_.empty()) pending_.clear(0);
}

// Returns how many bytes are done with.
std::size_t H1Session::consume(base::ByteView input) {
  std::size_t used = 0;
  while (used < input.size() && !finished_ && !waiting() && !transport_.congested()) {
    const auto rest = input.subspan(used);
    if (exchange_ == nullptr) {
      if (rest[0] == '\r' || rest[0] == '\n') {  // RFC 9112 §2.2: empty lines before a request are no harm
        ++used;
        continue;
      }
      beginRequest();
    }
    const auto step = parser_.parse(rest);
    used += step.used;
    if (step.refusal != 0) {
      refuse(step.refusal);
      return input.size();
    }
    if (!announced_ && parser_.headComplete()) announceRequest();
    if (!step.body.empty()) takeBody(step.body);
    if (announced_ && parser_.complete() && !exchange_->requestEnded()) exchange_->endRequest();
    endRequestIfAnswered();
    if (step.needsMore) break;
  }
  return finished_ ? input.size() : used;
}

void H1Session::beginRequest() {
  auto& loop = transport_.loop();
  exchange_ = &loop.exchanges().take();
  exchange_->begin(*this, transport_.peer(), 0);
  parser_.begin(exchange_->head());
  transport_.setDeadline(loop.now() + loop.limits().header);
}

void H1Session::announceRequest() {
  announced_ = true;
  transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().idle);
  exchange_->setContentLength(parser_.contentLength());
  if (parser_.complete()) exchange_->endRequest();
  exchange_->announce();
}

void H1Session::startBody(HttpExchange&) {
  transport_.touch();
  if (!parser_.expectsContinue() || continued_) return;
  continued_ = true;
  transport_.write(base::bytesOf("HTTP/1.1 100 Continue\r\n\r\n"));
}

void H1Session::takeBody(base::ByteView piece) {
  if (!exchange_->takeBody(piece)) {
    closes_ = true;
    exchange_->refuse(503);
    return;
  }
  if (exchange_->phase() != HttpExchange::Phase::answered) return;
  drained_ += piece.size();
  if (drained_ > kMostDrained) finished_ = true;
}

void H1Session::respond(HttpExchange& exchange, const Answer& answer) {
  const bool ended = exchange.requestEnded();
  closes_ = closesByItself() || (!ended && !restIsShort());
  write(answer, exchange.method() == "HEAD");
  if (!ended && !closes_) exchange.limitRest();
  transport_.touch();
}

bool H1Session::closesByItself() const {
  return closes_ || draining_ || transport_.loop().stopping() || !parser_.keepAlive();
}

// What is left of the request is not read meanwhile, so nothing can follow it.
void H1Session::startPieces(HttpExchange& exchange, const Answer& head) {
  closes_ = closesByItself() || !exchange.requestEnded();
  auto& out = transport_.loop().outputBuffer();
  appendResponseHead(out, {.status = head.status,
                           .date = transport_.loop().date(),
                           .contentType = head.contentType,
                           .contentLength = std::nullopt,
                           .chunked = parser_.isVersion11(),
                           .extra = head.extra,
                           .close = closes_});
  transport_.write(out.view());
  out.clear(EventLoop::kReceiveSize);
  transport_.touch();
}

void H1Session::sendPiece(HttpExchange&, std::string_view piece) {
  auto& out = transport_.loop().outputBuffer();
  const bool chunked = parser_.isVersion11();
  if (chunked) appendChunkSize(out, piece.size());
  out.append(piece);
  if (chunked) out.append("\r\n");
  transport_.write(out.view());
  out.clear(EventLoop::kReceiveSize);
  transport_.touch();
}

void H1Session::endPieces(HttpExchange&) {
  closes_ = closes_ || draining_;
  if (parser_.isVersion11()) transport_.write(base::bytesOf("0\r\n\r\n"));
  transport_.touch();
}

// True where reading the rest of an unwanted body costs less than a new connection. A client that waits for
// "100 Continue" may or may not send its body after a final answer, so nothing can follow.
bool H1Session::restIsShort() const {
  if (parser_.expectsContinue() && !continued_) return false;
  return parser_.remaining().value_or(0) <= kMostDrained;
}

void H1Session::endRequestIfAnswered() {
  if (exchange_ == nullptr || exchange_->phase() != HttpExchange::Phase::answered) return;
  if (closes_) finished_ = true;
  if (!exchange_->requestEnded()) return;
  auto& loop = transport_.loop();
  loop.exchanges().release(*exchange_);
  exchange_ = nullptr;
  announced_ = continued_ = false;
  drained_ = 0;
  transport_.setDeadline(loop.now() + loop.limits().idle);
}

void H1Session::refuse(int status) {
  transport_.report("http: " + parser_.failure());
  if (status == 431) transport_.loop().counters().reach(Limit::headerSize);
  closes_ = true;
  if (exchange_->phase() != HttpExchange::Phase::answered) exchange_->refuse(status);
  finished_ = true;
}

void H1Session::write(const Answer& answer, bool headOnly) {
  auto& out = transport_.loop().outputBuffer();
  appendResponseHead(out, {.status = answer.status,
                           .date = transport_.loop().date(),
                           .contentType = answer.contentType,
                           .contentLength = answer.body.size(),
                           .extra = answer.extra,
                           .close = closes_});
  const bool withBody = !headOnly && mayHaveBody(answer.status) && !answer.body.empty();
  const bool joined = withBody && answer.body.size() <= kJoinedBody;
  if (joined) out.append(answer.body);
  transport_.write(out.view());
  out.clear(EventLoop::kReceiveSize);
  if (withBody && !joined) transport_.write(base::bytesOf(answer.body));
}

void H1Session::giveUp(HttpExchange& exchange) {
  closes_ = true;
  if (exchange.phase() == HttpExchange::Phase::answered) {
    finished_ = true;
  } else {
    transport_.report("http: the request's body came too slowly");
    exchange.refuse(408);
  }
  transport_.touch();
}

void H1Session::onTimeout() {
  if (announced_) {  // its own deadlines rule
    transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().idle);
    return;
  }
  finished_ = true;
  if (draining_ && exchange_ == nullptr) return;
  if (exchange_ != nullptr) transport_.report("http: the request's head came too slowly");
  transport_.loop().counters().reach(exchange_ != nullptr ? Limit::headerTimeout : Limit::idleTimeout);
}

// The next request of a busy client may be on its way: unless the server stops, it is answered with "close".
void H1Session::drain() {
  draining_ = true;
  if (exchange_ != nullptr) {
    exchange_->cutStream();
    return;
  }
  if (transport_.loop().stopping()) {
    finished_ = true;
    return;
  }
  transport_.setDeadline(transport_.loop().now() + kDrainNotice);
}

bool H1Session::waiting() const {
  if (!announced_) return false;
  const auto phase = exchange_->phase();
  return phase == HttpExchange::Phase::deferred || phase == HttpExchange::Phase::streaming;
}

}  // namespace kes::http
