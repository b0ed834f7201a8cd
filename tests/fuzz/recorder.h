#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz.h"
#include "http/server.h"

namespace kes::fuzz {

// A handler whose doings the request's target chooses, by the words in it. It keeps account of what was asked
// and insists that each exchange ends once and only once.
class Recorder final : public http::Handler {
 public:
  static constexpr std::size_t kBodyLimit = 600;
  static constexpr std::chrono::milliseconds kPatience{50};

  explicit Recorder(base::SteadyTime now) : deadline_(now + kPatience) {}

  void onRequest(http::Exchange& exchange) override {
    require(!isOpen(exchange), "an exchange is announced once");
    open_.push_back(&exchange);
    record(exchange);
    if (asks(exchange, "throw")) throw std::runtime_error("the handler has a bug");
    if (asks(exchange, "nothing")) return;
    if (asks(exchange, "body")) return exchange.readBody(asks(exchange, "big") ? 1'000'000 : kBodyLimit);
    if (asks(exchange, "later")) return defer(exchange);
    answer(exchange);
  }

  void onBody(http::Exchange& exchange) override {
    require(isOpen(exchange), "a body belongs to an exchange that was announced");
    const std::size_t limit = asks(exchange, "big") ? 1'000'000 : kBodyLimit;
    const auto body = base::textOf(exchange.body());
    require(body.size() <= limit, "no more of a body is kept than was asked for");
    require(!exchange.bodyTruncated() || body.size() == limit, "and no less");
    if (exchange.contentLength() && !exchange.bodyTruncated()) {
      require(body.size() == *exchange.contentLength(), "a body is as long as its Content-Length");
    }
    transcript_ += "body " + std::string(body) + '\n';
    if (asks(exchange, "later")) return defer(exchange);
    answer(exchange);
  }

  void onDeadline(http::Exchange& exchange) override {
    require(std::erase(deferred_, &exchange) == 1, "only what was deferred meets its deadline");
    finish(exchange, 504, "too late");
  }

  void onAbandoned(http::Exchange& exchange) override {
    require(isOpen(exchange), "an exchange is abandoned once, and not after its answer");
    std::erase(open_, &exchange);
    std::erase(deferred_, &exchange);
    transcript_ += "abandoned\n";
  }

  // Answers one that was deferred, as the key store's thread would have it done.
  bool answerDeferred(bool newest) {
    if (deferred_.empty()) return false;
    auto& exchange = *(newest ? deferred_.back() : deferred_.front());
    std::erase(deferred_, &exchange);
    answer(exchange);
    return true;
  }

  // For another session.
  void startOver() {
    require(idle(), "nobody waits for an exchange whose connection is closed");
    transcript_.clear();
    requests_ = 0;
  }

  [[nodiscard]] bool idle() const noexcept { return open_.empty(); }
  [[nodiscard]] const std::string& transcript() const noexcept { return transcript_; }
  [[nodiscard]] std::size_t requests() const noexcept { return requests_; }

 private:
  [[nodiscard]] bool isOpen(http::Exchange& exchange) const {
    return std::ranges::find(open_, &exchange) != open_.end();
  }
  [[nodiscard]] static bool asks(const http::Exchange& exchange, std::string_view word) {
    return exchange.target().find(word) != std::string_view::npos;
  }

  void record(const http::Exchange& exchange) {
    ++requests_;
    require(!exchange.method().empty() && !exchange.target().empty(), "a request has a method and a target");
    transcript_ += std::string(exchange.method()) + ' ' + std::string(exchange.target());
    for (const auto* name : {"host", "Content-Length", "content-type", "x"}) {
      const auto value = exchange.header(name);
      require(value.find_first_of(std::string_view("\r\n\0", 3)) == value.npos, "no value has a line break");
      require(value.empty() || exchange.headerCount(name) > 0, "a field that has a value is counted");
      transcript_ += " " + std::string(value) + "*" + std::to_string(exchange.headerCount(name));
    }
    const auto length = exchange.contentLength();
    transcript_ += length ? " " + std::to_string(*length) + '\n' : " ?\n";
  }

  void defer(http::Exchange& exchange) {
    deferred_.push_back(&exchange);
    (void)exchange.defer(deadline_);
  }

  void answer(http::Exchange& exchange) {
    const int status = asks(exchange, "empty") ? 204 : asks(exchange, "missing") ? 404 : 200;
    if (asks(exchange, "large")) return finish(exchange, status, std::string(40'000, 'l'));
    // Never begins like another response.
    finish(exchange, status, "=" + std::string(base::textOf(exchange.body())));
  }

  // With something of the request in a field, as a redirect has.
  void finish(http::Exchange& exchange, int status, std::string_view body) {
    std::erase(open_, &exchange);
    const http::Exchange::Header extra[] = {{"location", exchange.target()}, {"echo", exchange.header("x")}};
    exchange.respond(status, "text/plain", body, extra);
  }

  base::SteadyTime deadline_;
  std::vector<http::Exchange*> open_;      // announced, and neither answered nor abandoned
  std::vector<http::Exchange*> deferred_;  // of these
  std::string transcript_;
  std::size_t requests_ = 0;
};

}  // namespace kes::fuzz
