#include "http/http_exchange.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "http/event_loop.h"
#include "http/response_head.h"

namespace kes::http {
namespace {

// A body must bring this much in each interval of Limits::body, or end.
constexpr std::uint64_t kLeastProgress = 1024;
// Memory a finished exchange keeps for the next one.
constexpr std::size_t kKeptBody = 4096;
// How many idle exchanges keep any.
constexpr std::size_t kKeptExchanges = 512;
// The most that is set aside for a body before it has come.
constexpr std::size_t kLargestReserve = 64 * 1024;

constexpr std::uint64_t kGeneration = std::uint64_t(1) << 32;

}  // namespace

void HttpExchange::begin(Session& session, const Peer& peer, std::int32_t stream) {
  session_ = &session;
  peer_ = &peer;
  stream_ = stream;
  startedAt_ = loop_.now();
}

void HttpExchange::setPeer(Peer peer) {
  forwarded_ = std::make_unique<const Peer>(std::move(peer));
  peer_ = forwarded_.get();
}

void HttpExchange::announce() {
  announced_ = true;
  phase_ = Phase::deciding;
  loop_.counters().requests.add();
  callHandler(&Handler::onRequest);
}

void HttpExchange::readBody(std::size_t limit) {
  bodyLimit_ = limit;
  phase_ = Phase::body;
  if (requestEnded_) {
    callHandler(&Handler::onBody);
    return;
  }
  if (contentLength_) {
    body_.reserve(std::min(
        {static_cast<std::size_t>(std::min<std::uint64_t>(*contentLength_, limit)), kLargestReserve}));
  }
  bodySeenAtCheck_ = bodySeen_;
  loop_.timers().schedule(*this, loop_.now() + loop_.limits().body);
  session_->startBody(*this);
}

bool HttpExchange::takeBody(base::ByteView bytes) {
  bodySeen_ += bytes.size();
  if (phase_ != Phase::body) return true;
  const auto kept = std::min(bytes.size(), bodyLimit_ - body_.size());
  if (kept < bytes.size()) bodyTruncated_ = true;
  if (kept == 0) return true;
  if (!loop_.bodyBudget().take(kept)) {
    loop_.counters().reach(Limit::bodyTotal);
    return false;
  }
  bodyCharged_ += kept;
  body_.append(bytes.first(kept));
  return true;
}

void HttpExchange::endRequest() {
  requestEnded_ = true;
  if (phase_ == Phase::answered) disarm();
  if (phase_ != Phase::body) return;
  disarm();
  callHandler(&Handler::onBody);
}

Deferred HttpExchange::defer(base::SteadyTime deadline) {
  phase_ = Phase::deferred;
  loop_.timers().schedule(*this, deadline);
  return Deferred(loop_.shared_from_this(), id_);
}

void HttpExchange::respond(int status, std::string_view contentType, std::string_view body,
                           std::span<const Header> extraHeaders) {
  if (phase_ == Phase::answered) return;
  setAnswered();
  session_->respond(*this, {status, contentType, body, extraHeaders});
  releaseBody();
}

Deferred HttpExchange::stream(int status, std::string_view contentType,
                              std::span<const Header> extraHeaders) {
  phase_ = Phase::streaming;
  disarm();
  session_->startPieces(*this, {status, contentType, {}, extraHeaders});
  releaseBody();
  return Deferred(loop_.shared_from_this(), id_);
}

void HttpExchange::write(std::string_view piece) {
  if (phase_ == Phase::streaming && !piece.empty()) session_->sendPiece(*this, piece);
}

void HttpExchange::end() {
  if (phase_ != Phase::streaming) return;
  setAnswered();
  session_->endPieces(*this);
}

void HttpExchange::cutStream() {
  if (phase_ != Phase::streaming) return;
  tellAbandoned();
  end();
}

// From now on nobody finds the exchange by its id.
void HttpExchange::setAnswered() noexcept {
  phase_ = Phase::answered;
  id_ += kGeneration;
  disarm();
}

void HttpExchange::refuse(int status) {
  if (announced_) tellAbandoned();
  respond(status, "text/plain; charset=utf-8",
          std::to_string(status) + ' ' + std::string(reasonPhrase(status)), {});
}

void HttpExchange::limitRest() {
  loop_.timers().schedule(*this, loop_.now() + loop_.limits().body);
}

void HttpExchange::abandon() {
  if (phase_ == Phase::answered) return;
  setAnswered();
  if (announced_) tellAbandoned();
}

void HttpExchange::tellAbandoned() {
  try {
    loop_.handler().onAbandoned(*this);
  } catch (const std::exception& error) {
    loop_.report(peer_->address, error.what());
  }
}

// The handler's exceptions end here: the frames above belong to C libraries.
void HttpExchange::callHandler(void (Handler::*step)(Exchange&)) {
  const auto before = phase_;
  if (before == Phase::body) phase_ = Phase::deciding;
  try {
    (loop_.handler().*step)(*this);
  } catch (const std::exception& error) {
    loop_.report(peer_->address, error.what());
    refuse(500);
    return;
  }
  const bool undecided =
      phase_ == Phase::deciding || (before == Phase::deferred && phase_ == before && !armed());
  if (undecided) refuse(500);
}

void HttpExchange::onTimer() {
  switch (phase_) {
    case Phase::deferred:
      callHandler(&Handler::onDeadline);
      return;
    case Phase::body:
      checkProgress();
      return;
    case Phase::answered:
      loop_.counters().reach(Limit::bodyTimeout);
      session_->giveUp(*this);
      return;
    default:
      return;
  }
}

void HttpExchange::checkProgress() {
  if (bodySeen_ - bodySeenAtCheck_ < kLeastProgress) {
    loop_.counters().reach(Limit::bodyTimeout);
    session_->giveUp(*this);
    return;
  }
  bodySeenAtCheck_ = bodySeen_;
  loop_.timers().schedule(*this, loop_.now() + loop_.limits().body);
}

void HttpExchange::releaseBody() {
  body_.clear(kKeptBody);
  if (bodyCharged_ > 0) loop_.bodyBudget().give(bodyCharged_);
  bodyCharged_ = 0;
}

void HttpExchange::recycle(bool keepMemory) {
  disarm();
  id_ += kGeneration;
  releaseBody();
  response.clear(keepMemory ? kKeptBody : 0);
  if (!keepMemory) body_.clear(0);
  transfer = {};
  head_.clear();
  session_ = nullptr;
  peer_ = nullptr;
  forwarded_.reset();
  stream_ = 0;
  phase_ = Phase::head;
  announced_ = requestEnded_ = bodyTruncated_ = false;
  contentLength_.reset();
  bodyLimit_ = 0;
  bodySeen_ = bodySeenAtCheck_ = 0;
  tag = 0;
  context.reset();
}

HttpExchange& ExchangePool::take() {
  if (free_.empty()) {
    slots_.push_back(std::make_unique<HttpExchange>(loop_));
    slots_.back()->id_ = kGeneration | (slots_.size() - 1);
    free_.reserve(slots_.size());
    return *slots_.back();
  }
  auto& exchange = *free_.back();
  free_.pop_back();
  return exchange;
}

void ExchangePool::release(HttpExchange& exchange) {
  exchange.recycle(free_.size() < kKeptExchanges);
  free_.push_back(&exchange);
}

HttpExchange* ExchangePool::find(std::uint64_t id) noexcept {
  const auto slot = static_cast<std::uint32_t>(id);
  if (id < kGeneration || slot >= slots_.size()) return nullptr;
  auto& exchange = *slots_[slot];
  return exchange.id_ == id ? &exchange : nullptr;
}

}  // namespace kes::http
