#pragma once

#include <openssl/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"

namespace kes::http {

class ClientTrust;
class Exchange;
class EventLoop;

// Who is at the other end of a connection, decided once per TLS session and kept across resumption.
struct Peer {
  std::string identity;                  // empty where `error` says why there is none
  std::optional<base::ErrorCode> error;  // such as noClientCertificate
  std::string address;                   // IP literal of the TCP peer
};

// What the server thinks of client certificates. Called in handshakes, at once from several threads; must not
// block.
class PeerVerifier {
 public:
  virtual ~PeerVerifier() = default;
  // `chain` is the client's Certificate message, the certificate whose key signed CertificateVerify first;
  // never empty. Returns the identity (64 hex digits) or why there is none.
  [[nodiscard]] virtual base::Result<std::string> identify(std::span<X509* const> chain) const = 0;
  // True for an identity that ClientChain::verifiedOrKnown lets in whoever issued its certificate.
  [[nodiscard]] virtual bool isKnown(std::string_view identity) const = 0;
  // Why a chain was refused, which is an X509_V_ERR_*, and what to do about it; for the error log.
  [[nodiscard]] virtual std::string explain(int verifyError) const = 0;
};

// What is asked of a client's certificates beyond the proof that it owns the key of the first one.
enum class ClientChain : std::uint8_t {
  unchecked,
  verified,         // a chain to `trust`, dates, EKU clientAuth
  verifiedOrKnown,  // that, or an identity that the PeerVerifier knows
};

// Key, certificates and rules of the TLS listener. The server takes references of its own to the OpenSSL
// objects.
struct TlsSettings {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  std::vector<X509*> chain;              // sent after `certificate`
  bool requireClientCertificate = true;  // false where some route needs none
  ClientChain clientChain = ClientChain::unchecked;
  std::shared_ptr<const ClientTrust> trust;  // for chains that are checked, else null
};

struct Limits {
  std::chrono::nanoseconds handshake = std::chrono::seconds(10);
  std::chrono::nanoseconds header = std::chrono::seconds(5);
  std::chrono::nanoseconds body = std::chrono::seconds(5);  // for another KiB of it
  std::chrono::nanoseconds idle = std::chrono::seconds(120);
  std::size_t headerSize = 16 * 1024;
  std::uint32_t streams = 250;
  std::size_t connections = 0;             // 0 = as many as the file descriptors allow, less some headroom
  std::size_t connectionsPerAddress = 0;   // an IPv6 address counts as its /64; 0 = no limit
  std::size_t connectionsPerIdentity = 0;  // 0 = no limit
  std::size_t handshakes = 256;            // in progress, per handshaker
  std::size_t bodyPerConnection = 4'000'000;
  std::size_t bodyTotal = 256'000'000;
  // Bytes of answers that an HTTP/2 client does not take, before further requests of it are refused.
  std::size_t answersPerConnection = 4 * 1024 * 1024;
  // Of HTTP/2, each per connection. A client that exceeds one of them loses the connection.
  std::size_t resetBurst = 1000;     // streams reset at once (CVE-2023-44487)
  std::size_t resetRate = 33;        // and per second
  std::size_t settingsEntries = 32;  // in one SETTINGS frame
  std::size_t continuations = 8;     // CONTINUATION frames of one header (CVE-2024-28182)
  std::size_t unreadAcks = 1000;     // acknowledgements of PING and SETTINGS that the client has yet to take
};

// What of the above was reached.
enum class Limit : std::uint8_t {
  handshakeTimeout,
  headerTimeout,
  bodyTimeout,
  idleTimeout,
  headerSize,
  streams,
  connections,
  connectionsPerAddress,
  connectionsPerIdentity,
  handshakes,
  bodyPerConnection,
  bodyTotal,
  answersPerConnection,
  resets,
  settingsEntries,
  continuations,
  unreadAcks,
};
inline constexpr std::size_t kLimits = 17;

// Why there is no connection, after a client had come.
enum class HandshakeFailure : std::uint8_t {
  timeout,
  evicted,      // given up for others that waited
  closed,       // by the client
  network,      // by anything else in between
  plaintext,    // HTTP without TLS
  certificate,  // the client's was refused
  protocol,     // anything else that TLS does not allow, or that the client did not like
};
inline constexpr std::size_t kHandshakeFailures = 7;

enum class Protocol : std::uint8_t { http1, http2 };
inline constexpr std::size_t kProtocols = 2;

// What a handler is asked to do with an exchange next. Handlers live on one event loop each: no call of one
// handler ever runs beside another of the same one, and none may block.
class Handler {
 public:
  virtual ~Handler() = default;

  // The request's head is complete. Must do one of: respond, readBody, defer.
  virtual void onRequest(Exchange& exchange) = 0;
  // The body asked for by readBody is there as far as its limit allows. Must do one of: respond, defer.
  virtual void onBody(Exchange& exchange) = 0;
  // The deadline given to `defer` has passed and nobody has answered. Must respond.
  virtual void onDeadline(Exchange& exchange) = 0;
  // The client has gone before it was answered; `exchange` dies after the call.
  virtual void onAbandoned(Exchange&) {}
  // Everything that had come is served; the loop may sleep now.
  virtual void onTurnEnd() {}
  // About once a second.
  virtual void onTick() {}
};

// A way back to a deferred exchange from any thread. Cheap to move; posting to an exchange that is gone does
// nothing.
class Deferred {
 public:
  Deferred() = default;
  Deferred(std::shared_ptr<EventLoop> loop, std::uint64_t exchange);

  // Runs `then` on the exchange's own loop with the exchange, or with null when it was answered or abandoned
  // meanwhile. [any-thread], does not block. `then` runs exactly once unless the server stops first.
  void post(std::move_only_function<void(Exchange*)> then);

 private:
  std::shared_ptr<EventLoop> loop_;
  std::uint64_t exchange_ = 0;
};

// One request and its answer. Lives on one event loop.
class Exchange {
 public:
  virtual ~Exchange() = default;

  // The views are good until the exchange is answered.
  [[nodiscard]] virtual std::string_view method() const noexcept = 0;
  [[nodiscard]] virtual std::string_view target() const noexcept = 0;  // as sent: path, maybe "?query"
  [[nodiscard]] virtual std::string_view header(
      std::string_view name) const noexcept = 0;  // any case; first value
  [[nodiscard]] virtual std::size_t headerCount(std::string_view name) const noexcept = 0;
  // The announced size of the body: 0 = none, nothing = not known (chunked, or h2 without content-length).
  [[nodiscard]] virtual std::optional<std::uint64_t> contentLength() const noexcept = 0;
  [[nodiscard]] virtual const Peer& peer() const noexcept = 0;
  // Lets the request count as somebody else's, for whom the peer of the connection speaks.
  virtual void setPeer(Peer peer) = 0;
  [[nodiscard]] virtual base::SteadyTime startedAt() const noexcept = 0;

  // Asks for the body, of which the first `limit` bytes are kept and the rest is read and dropped.
  // Without it the body is dropped unseen. onBody follows, maybe before readBody returns.
  virtual void readBody(std::size_t limit) = 0;
  // What was kept of the body; writable, since handlers decode in place. Wiped when the exchange ends.
  [[nodiscard]] virtual base::ByteSpan body() noexcept = 0;
  // True when the client sent more than the limit.
  [[nodiscard]] virtual bool bodyTruncated() const noexcept = 0;

  // Leaves the exchange open until somebody responds through the Deferred, or `deadline`.
  [[nodiscard]] virtual Deferred defer(base::SteadyTime deadline) = 0;

  // Answers. `contentType` may be empty; `extraHeaders` holds at most a few pairs, lower-case names. The body
  // is copied into the connection's output before the call returns. Exactly once per exchange; nothing of the
  // exchange may be used afterwards.
  struct Header {
    std::string_view name;
    std::string_view value;
  };
  virtual void respond(int status, std::string_view contentType, std::string_view body,
                       std::span<const Header> extraHeaders = {}) = 0;

  // Begins an answer, other than to HEAD, whose body comes piece by piece: sends the head at once and leaves
  // the exchange open until `end`, for as long as that takes. The Deferred leads back to it. When the client
  // goes, or the connection is to be drained, the answer ends by itself and onAbandoned tells so.
  [[nodiscard]] virtual Deferred stream(int status, std::string_view contentType,
                                        std::span<const Header> extraHeaders = {}) = 0;
  // Sends a piece at once.
  virtual void write(std::string_view piece) = 0;
  // True while the client does not take what was written, so that more of it would pile up here.
  [[nodiscard]] virtual bool congested() const = 0;
  virtual void end() = 0;

  // For the handler's own use between its calls, e.g. the route and the resource.
  std::uint64_t tag = 0;
  std::shared_ptr<void> context;
};

// Takes one line for the error log: a handshake failed, or a connection broke a rule. [any-thread], must not
// block. The address may be empty.
using ConnectionErrorSink = std::function<void(std::string_view address, std::string_view what)>;

using HandlerFactory = std::function<std::unique_ptr<Handler>(std::size_t loopIndex)>;

struct ServerSettings {
  std::string host;        // IP literal, empty = all interfaces
  std::uint16_t port = 0;  // 0 = any free one, see port()
  std::size_t loops = 0;   // 0 = one per usable CPU (affinity and cgroup quota)
  Limits limits;
  ConnectionErrorSink onConnectionError = [](std::string_view, std::string_view) {};
};

struct Counters {
  std::uint64_t accepted = 0;
  std::uint64_t connections = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t resumed = 0;
  std::array<std::uint64_t, kHandshakeFailures> failures{};  // of handshakes, by HandshakeFailure
  std::array<std::uint64_t, kProtocols> opened{};            // established connections, by Protocol
  std::array<std::uint64_t, kProtocols> closed{};            // of those
  std::uint64_t requests = 0;
  std::array<std::uint64_t, kLimits> reached{};  // how often, by Limit

  [[nodiscard]] std::uint64_t times(Limit limit) const noexcept {
    return reached[static_cast<std::size_t>(limit)];
  }
  [[nodiscard]] std::uint64_t failed(HandshakeFailure why) const noexcept {
    return failures[static_cast<std::size_t>(why)];
  }
};

// When certificates end, in seconds since 1970; nothing where there are none.
struct CertificateExpiry {
  std::optional<std::int64_t> server;
  std::optional<std::int64_t> chain;  // the first to end of TlsSettings::chain
  std::optional<std::int64_t> ca;     // and of TlsSettings::ca
};

// An HTTPS server of h2 and http/1.1 over mutual TLS on event loops (ARCHITECTURE.md, "The life of a
// request").
class Server {
 public:
  // Binds and starts. The failure says which address could not be bound, or what is wrong with the TLS
  // settings.
  [[nodiscard]] static base::Outcome<std::unique_ptr<Server>> start(
      const ServerSettings& settings, const TlsSettings& tls, std::shared_ptr<const PeerVerifier> verifier,
      const HandlerFactory& handlers);
  virtual ~Server() = default;

  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
  [[nodiscard]] virtual std::size_t loops() const noexcept = 0;
  [[nodiscard]] virtual Counters counters() const noexcept = 0;
  [[nodiscard]] virtual CertificateExpiry certificateExpiry() const noexcept = 0;
  // New handshakes use these settings; where client authentication changed, tickets die and old connections
  // drain.
  [[nodiscard]] virtual base::Outcome<void> updateTls(const TlsSettings& tls,
                                                      std::shared_ptr<const PeerVerifier> verifier) = 0;
  // Stops accepting, sends GOAWAY, serves what is in flight until `deadline`, closes. Blocks.
  virtual void stop(base::SteadyTime deadline) = 0;
};

}  // namespace kes::http
