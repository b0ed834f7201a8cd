#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "http/request_head.h"
#include "http/server.h"
#include "http/session.h"
#include "http/timer_wheel.h"
#include "http/wiped_bytes.h"

namespace kes::http {

// The one kind of exchange there is; h1 and h2 differ in the Session behind it. Lives in an ExchangePool and
// is used again for later requests.
class HttpExchange final : public Exchange, private Timer {
 public:
  enum class Phase : std::uint8_t {
    head,       // the request's head is arriving
    deciding,   // with the handler
    body,       // the handler waits for the body
    deferred,   // the handler has gone to ask somebody
    streaming,  // the answer goes out piece by piece
    answered,
  };

  explicit HttpExchange(EventLoop& loop) : loop_(loop) {}

  std::string_view method() const noexcept override { return head_.method(); }
  std::string_view target() const noexcept override { return head_.target(); }
  std::string_view header(std::string_view name) const noexcept override { return head_.field(name); }
  std::size_t headerCount(std::string_view name) const noexcept override { return head_.count(name); }
  std::optional<std::uint64_t> contentLength() const noexcept override { return contentLength_; }
  const Peer& peer() const noexcept override { return *peer_; }
  void setPeer(Peer peer) override;
  base::SteadyTime startedAt() const noexcept override { return startedAt_; }
  void readBody(std::size_t limit) override;
  base::ByteSpan body() noexcept override { return body_.span(); }
  bool bodyTruncated() const noexcept override { return bodyTruncated_; }
  Deferred defer(base::SteadyTime deadline) override;
  void respond(int status, std::string_view contentType, std::string_view body,
               std::span<const Header> extraHeaders) override;
  Deferred stream(int status, std::string_view contentType, std::span<const Header> extraHeaders) override;
  void write(std::string_view piece) override;
  bool congested() const override { return session_->congested(*this); }
  void end() override;

  // For the sessions.
  void begin(Session& session, const Peer& peer, std::int32_t stream);
  [[nodiscard]] RequestHead& head() noexcept { return head_; }
  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] std::int32_t stream() const noexcept { return stream_; }
  void setContentLength(std::optional<std::uint64_t> length) noexcept { contentLength_ = length; }

  // The head is complete: asks the handler.
  void announce();
  // More of the body. False when the server has no memory for it.
  [[nodiscard]] bool takeBody(base::ByteView bytes);
  // The request has ended: asks the handler, if it waits for the body.
  void endRequest();
  [[nodiscard]] bool requestEnded() const noexcept { return requestEnded_; }
  [[nodiscard]] bool keepsBody() const noexcept { return phase_ == Phase::body; }
  [[nodiscard]] std::size_t bodyLimit() const noexcept { return bodyLimit_; }
  [[nodiscard]] std::uint64_t bodySeen() const noexcept { return bodySeen_; }
  // Answers in the handler's stead, which hears of it as of a client that has gone.
  void refuse(int status);
  // Gives the client a while to end a request that is already answered.
  void limitRest();
  // The client is gone: tells the handler unless it has answered.
  void abandon();
  // Ends an answer that goes out piece by piece in the handler's stead.
  void cutStream();

  // What HTTP/2 keeps per stream.
  struct Transfer {
    HttpExchange* previous = nullptr;
    HttpExchange* next = nullptr;
    std::size_t sent = 0;
    std::size_t unconsumed = 0;  // of the stream's window
    std::size_t granted = 0;     // of the connection's budget for large bodies
    bool waitsForGrant = false;
    std::size_t held = 0;     // of a body that has been granted nothing
    std::size_t surplus = 0;  // of the head, beyond its limit
  };
  Transfer transfer;
  WipedBytes response;  // what HTTP/2 has yet to send, and has sent

 private:
  friend class ExchangePool;

  void callHandler(void (Handler::*step)(Exchange&));
  void tellAbandoned();
  void setAnswered() noexcept;
  void onTimer() override;
  void checkProgress();
  void releaseBody();
  void recycle(bool keepMemory);

  EventLoop& loop_;
  Session* session_ = nullptr;
  const Peer* peer_ = nullptr;
  std::unique_ptr<const Peer> forwarded_;  // what `peer_` points to where the connection's speaks for it
  std::uint64_t id_ = 0;
  std::int32_t stream_ = 0;
  Phase phase_ = Phase::head;
  bool announced_ = false;
  bool requestEnded_ = false;
  bool bodyTruncated_ = false;
  RequestHead head_;
  std::optional<std::uint64_t> contentLength_;
  base::SteadyTime startedAt_{};
  WipedBytes body_;
  std::size_t bodyLimit_ = 0;
  std::size_t bodyCharged_ = 0;
  std::uint64_t bodySeen_ = 0;
  std::uint64_t bodySeenAtCheck_ = 0;
};

// All exchanges of one event loop. An id is never used twice, so a late answer to a finished exchange finds
// nothing.
class ExchangePool {
 public:
  explicit ExchangePool(EventLoop& loop) : loop_(loop) {}

  [[nodiscard]] HttpExchange& take();
  void release(HttpExchange& exchange);
  // The exchange of that id, unless it was answered or abandoned.
  [[nodiscard]] HttpExchange* find(std::uint64_t id) noexcept;

 private:
  EventLoop& loop_;
  std::vector<std::unique_ptr<HttpExchange>> slots_;
  std::vector<HttpExchange*> free_;
};

}  // namespace kes::http
