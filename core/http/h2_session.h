#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "http/h2_frame_watch.h"
#include "http/http_exchange.h"
#include "http/session.h"
#include "http/slab_pool.h"
#include "http/timer_wheel.h"
#include "http/transport.h"

namespace kes::http {

// HTTP/2 over one connection. nghttp2 speaks the protocol; this turns streams into exchanges and bounds what
// they may hold.
class H2Session final : public Session, private Timer {
 public:
  explicit H2Session(Transport& transport);
  ~H2Session() override;

  void receive(base::ByteView plaintext) override;
  void resume() override {}
  void produce() override;
  bool wantsInput() const override;
  bool finished() const override;
  void relax() override;
  void onTimeout() override;
  void drain() override;

  void startBody(HttpExchange& exchange) override;
  void respond(HttpExchange& exchange, const Answer& answer) override;
  void startPieces(HttpExchange& exchange, const Answer& head) override;
  void sendPiece(HttpExchange& exchange, std::string_view piece) override;
  void endPieces(HttpExchange& exchange) override;
  bool congested(const HttpExchange& exchange) const override;
  void giveUp(HttpExchange& exchange) override;

 private:
  struct Callbacks;

  void sendSettings();
  void writeOut(WipedBytes& out);
  void noteGreeting();
  void noteGoaway(std::uint32_t code);
  void noteInvalid(const nghttp2_frame& frame);
  void limitHead();
  void noteHeadOver();
  [[nodiscard]] bool stuck();
  void beginStream(std::int32_t stream);
  [[nodiscard]] bool addField(HttpExchange& exchange, std::string_view name, std::string_view value);
  void endHead(HttpExchange& exchange, bool endsRequest);
  void takeBody(HttpExchange& exchange, base::ByteView piece);
  void consume(HttpExchange& exchange, std::size_t size);
  void askForGrant(HttpExchange& exchange);
  bool tryGrant(HttpExchange& exchange);
  void grantWaiting();
  void releaseGrant(HttpExchange& exchange);
  void submit(HttpExchange& exchange, const Answer& answer, bool inPieces);
  [[nodiscard]] bool hold(HttpExchange& exchange, std::size_t size);
  void releaseHeld(HttpExchange& exchange);
  void endStream(HttpExchange& exchange);
  void reset(HttpExchange& exchange, std::uint32_t code);
  void end(std::uint32_t error);
  void fail(std::string_view what);
  void onTimer() override;
  void reach(Limit limit) noexcept;
  [[nodiscard]] bool idle() const noexcept { return open_ == nullptr; }

  // What nghttp2's memory callbacks get.
  struct Memory {
    SlabPool& pool;
    bool making = true;
    void* frameBuffer = nullptr;  // the one large thing in a new session
  };

  Transport& transport_;
  Memory memory_;
  std::size_t streamWindow_;  // of a stream whose body has not been granted more
  nghttp2_session* session_ = nullptr;
  H2FrameWatch watch_;
  HttpExchange* open_ = nullptr;  // the newest of a list
  std::vector<std::int32_t> waitingForGrant_;
  std::size_t streams_ = 0;  // open
  std::size_t granted_ = 0;
  std::size_t held_ = 0;    // bytes of bodies that have been granted nothing
  std::size_t queued_ = 0;  // bytes of answers that wait to be sent
  std::uint64_t sent_ = 0;
  std::uint64_t sentAtLastLook_ = 0;
  bool greeted_ = false;
  bool headArriving_ = false;  // a request's header block has begun and not ended
  bool headLimited_ = false;   // and the connection's deadline is that of the header
  bool draining_ = false;
  bool failed_ = false;
  bool ended_ = false;  // by a GOAWAY of ours that is still to be sent
  bool outputFull_ = false;
};

}  // namespace kes::http
