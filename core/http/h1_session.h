#pragma once

#include "http/h1_parser.h"
#include "http/http_exchange.h"
#include "http/session.h"
#include "http/transport.h"
#include "http/wiped_bytes.h"

namespace kes::http {

// HTTP/1.1 over one connection: one request at a time, in order.
class H1Session final : public Session {
 public:
  explicit H1Session(Transport& transport);
  ~H1Session() override;

  void receive(base::ByteView plaintext) override;
  void resume() override;
  void produce() override {}
  bool wantsInput() const override;
  bool finished() const override { return finished_; }
  void onTimeout() override;
  void drain() override;

  void startBody(HttpExchange& exchange) override;
  void respond(HttpExchange& exchange, const Answer& answer) override;
  void startPieces(HttpExchange& exchange, const Answer& head) override;
  void sendPiece(HttpExchange& exchange, std::string_view piece) override;
  void endPieces(HttpExchange& exchange) override;
  bool congested(const HttpExchange&) const override { return transport_.congested(); }
  void giveUp(HttpExchange& exchange) override;

 private:
  [[nodiscard]] std::size_t consume(base::ByteView input);
  void consumePending();
  void beginRequest();
  void announceRequest();
  void takeBody(base::ByteView piece);
  void endRequestIfAnswered();
  void refuse(int status);
  void write(const Answer& answer, bool headOnly);
  [[nodiscard]] bool closesByItself() const;
  [[nodiscard]] bool restIsShort() const;
  // True while an answer must be awaited before anything else can be done.
  [[nodiscard]] bool waiting() const;

  Transport& transport_;
  H1Parser parser_;
  HttpExchange* exchange_ = nullptr;
  WipedBytes pending_;  // plaintext that is not parsed yet
  std::uint64_t drained_ = 0;
  bool announced_ = false;
  bool continued_ = false;  // "100 Continue" was sent
  bool closes_ = false;     // no request after this one
  bool draining_ = false;
  bool finished_ = false;
};

}  // namespace kes::http
