#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "http/server.h"

namespace kes::http {

class HttpExchange;

// One answer, as the handler gave it.
struct Answer {
  int status;
  std::string_view contentType;
  std::string_view body;
  std::span<const Exchange::Header> extra;
};

// One protocol spoken over one connection. Never destroys itself or its connection: it says `finished` and
// leaves the rest to the connection, so that a handler can be called from anywhere inside.
class Session {
 public:
  virtual ~Session() = default;

  // Takes all of what TLS delivered.
  virtual void receive(base::ByteView plaintext) = 0;
  // Goes on with what had to wait for an answer or for room.
  virtual void resume() = 0;
  // Writes what is ready to the connection, as far as it takes it.
  virtual void produce() = 0;
  // False while more input could not be used.
  [[nodiscard]] virtual bool wantsInput() const = 0;
  // True when nothing is left to do but to flush and close.
  [[nodiscard]] virtual bool finished() const = 0;
  // Gives back what only a busy connection needs.
  virtual void relax() {}
  // The connection's deadline has passed.
  virtual void onTimeout() = 0;
  // Takes no further requests than the client may have sent already, and finishes those.
  virtual void drain() = 0;

  // What an exchange asks of its protocol.
  virtual void startBody(HttpExchange& exchange) = 0;
  virtual void respond(HttpExchange& exchange, const Answer& answer) = 0;
  // The same in pieces; `head` has no body.
  virtual void startPieces(HttpExchange& exchange, const Answer& head) = 0;
  virtual void sendPiece(HttpExchange& exchange, std::string_view piece) = 0;
  virtual void endPieces(HttpExchange& exchange) = 0;
  [[nodiscard]] virtual bool congested(const HttpExchange& exchange) const = 0;
  // The body came too slowly, or what is left of it after the answer did not end in time.
  virtual void giveUp(HttpExchange& exchange) = 0;
};

}  // namespace kes::http
