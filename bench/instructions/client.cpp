#include "client.h"

#include <sys/epoll.h>
#include <valgrind/callgrind.h>

#include <iterator>
#include <stdexcept>

namespace kes::instructions {

Client::Client(http::EventLoop& loop, std::uint16_t port, const std::string& certificate,
               const std::string& key, std::vector<Phase> phases)
    : loop_(loop),
      port_(port),
      h1_(certificate, key, "http/1.1", "X25519"),
      h2_(certificate, key, "h2", "X25519"),
      phases_(std::make_move_iterator(phases.begin()), std::make_move_iterator(phases.end())) {}

void Client::start() {
  connect();
}

void Client::connect() {
  const load::TlsContext& context = phase().protocol == "h2" ? h2_ : h1_;
  established_ = false;
  connecting_.emplace(context, load::connectTo("127.0.0.1", port_),
                      phase().resumed ? context.newestSession() : nullptr);
  loop_.watch(connecting_->descriptor(), EPOLLIN, *this);
}

void Client::onEvents(std::uint32_t) {
  step();
}

void Client::step() {
  if (client_ != nullptr) {
    if (!client_->onReadable()) failed("the connection is over");
    if (waiting_ == 0) endRound();
    return;
  }
  if (!established_) {
    established_ = connecting_->continueHandshake();
    return;
  }
  // What has come now is the session ticket: the server is done as well, so the request cannot reach it
  // within the handshake in one run and after it in another.
  if (phase().resumed && round_ > 0 /* the first has no session */ && !connecting_->resumed())
    failed("the session was not resumed");
  client_ = phase().protocol == "h2" ? load::makeH2Client(*std::move(connecting_), *this, phase().atOnce)
                                     : load::makeH1Client(*std::move(connecting_), *this);
  connecting_.reset();
  if (!client_->onReadable()) failed("the connection is over");
  sendRound();
}

void Client::sendRound() {
  for (waiting_ = 0; waiting_ < phase().atOnce; ++waiting_) client_->submit(phase().request, {});
  if (!client_->flush()) failed("the connection broke");
}

void Client::answered(load::Client&, int status, std::string_view body, load::Clock::time_point) {
  if (status != 200) failed(std::string("not answered by 200: ").append(body));
  --waiting_;
}

void Client::failed(std::string what) {
  throw std::runtime_error(phase().name + ": " + what);
}

void Client::endRound() {
  ++round_;
  const bool over = round_ == kWarmUp + phase().rounds;
  if (phase().fresh || over) client_.reset();
  if (round_ == kWarmUp) CALLGRIND_ZERO_STATS;
  if (over) {
    CALLGRIND_DUMP_STATS_AT(phase().name.c_str());
    round_ = 0;
    phases_.pop_front();
    if (phases_.empty()) return loop_.stop(base::SteadyClock::now() + std::chrono::seconds(5));
  }
  if (client_ == nullptr) return connect();
  sendRound();
}

}  // namespace kes::instructions
