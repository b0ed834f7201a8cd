#include "client/transport.h"

#include <Poco/Net/DNS.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <optional>
#include <random>
#include <thread>
#include <utility>

#include "base/json_reader.h"
#include "client/tls.h"

namespace kes::client {
namespace {

namespace net = Poco::Net;

Poco::Timespan timespan(std::chrono::milliseconds duration) {
  return Poco::Timespan(duration.count() * Poco::Timespan::MILLISECONDS);
}

std::string reasonOf(const Poco::Exception& exception) {
  if (dynamic_cast<const net::ConnectionRefusedException*>(&exception) != nullptr)
    return "connection refused";
  if (dynamic_cast<const net::ConnectionResetException*>(&exception) != nullptr) return "connection reset";
  if (dynamic_cast<const Poco::TimeoutException*>(&exception) != nullptr) return "timed out";
  if (dynamic_cast<const net::DNSException*>(&exception) != nullptr) return "no such host";
  if (dynamic_cast<const net::NoMessageException*>(&exception) != nullptr ||
      dynamic_cast<const net::SSLConnectionUnexpectedlyClosedException*>(&exception) != nullptr) {
    return "the server closed the connection";
  }
  return exception.message().empty() ? std::string(exception.name()) : exception.message();
}

// Of "error:0A00045C:SSL routines::tlsv13 alert certificate required" the part for people.
std::string alertOf(const Poco::Exception& exception) {
  const std::string& text = exception.message();
  const auto colons = text.rfind("::");
  return colons == std::string::npos ? text : text.substr(colons + 2);
}

bool isClosed(const Poco::Exception& exception) {
  return dynamic_cast<const net::SSLConnectionUnexpectedlyClosedException*>(&exception) != nullptr;
}

// Reads all of `in`; nothing when it is longer than `limit`.
std::optional<base::Secret> readAll(std::istream& in, std::size_t limit) {
  base::Secret body(std::min<std::size_t>(limit, 4096));
  std::size_t size = 0;
  for (;;) {
    in.read(reinterpret_cast<char*>(body.revealMutable().data()) + size,
            static_cast<std::streamsize>(body.size() - size));
    size += static_cast<std::size_t>(in.gcount());
    if (size < body.size()) break;
    if (size == limit) {
      if (in.peek() != std::istream::traits_type::eof()) return std::nullopt;
      break;
    }
    base::Secret larger(std::min(limit, size * 4));
    std::ranges::copy(body.reveal(), larger.revealMutable().begin());
    body = std::move(larger);
  }
  body.truncate(size);
  return body;
}

// What an answer other than 200 says: {"message": …} of a KES server, where a non-empty "error" counts more,
// or the text itself.
std::string messageOf(int status, std::string_view contentType, base::Secret& body) {
  std::string message;
  std::string error;
  if (contentType.starts_with("application/json")) {
    base::JsonReader json(body.revealMutable());
    json.beginObject();
    while (json.nextMember()) {
      if (json.nameIs("message")) {
        json.readString(message);
      } else if (json.nameIs("error")) {
        json.readString(error);
      }
    }
    if (!json.done()) message.clear();
    if (!error.empty()) message = std::move(error);
  } else {
    message = base::textOf(body.reveal());
  }
  message.erase(message.find_last_not_of(" \r\n\t") + 1);
  if (!message.empty()) return message;
  return fmt::format(
      "the server answered {} {}", status,
      net::HTTPResponse::getReasonForStatus(static_cast<net::HTTPResponse::HTTPStatus>(status)));
}

}  // namespace

// How one try at one endpoint ended.
struct Transport::Attempt {
  Result<Response> result;
  bool again = false;  // nothing was done there, or it may be done twice: try on
};

// The TLS context and, between calls, the open connection of one endpoint.
class Transport::Connection {
 public:
  explicit Connection(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  Attempt send(const Request& request, const Settings& settings);
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  std::optional<Error> connect(const Settings& settings);
  std::unique_ptr<net::HTTPSClientSession> dial(const Settings& settings);
  Attempt exchange(const Request& request);
  [[nodiscard]] Error connectionError(std::string reason) const;
  [[nodiscard]] Error errorOf(const Poco::Exception& exception) const;

  Endpoint endpoint_;
  std::unique_ptr<TlsContext> tls_;
  std::unique_ptr<net::HTTPSClientSession> session_;
};

Transport::Attempt Transport::Connection::send(const Request& request, const Settings& settings) {
  if (!session_ || !session_->connected()) {
    if (auto error = connect(settings)) {
      session_.reset();
      const bool again = error->failure == Failure::unreachable;
      return {std::unexpected(std::move(*error)), again};
    }
  }
  try {
    Attempt attempt = exchange(request);
    if (session_ && !session_->getKeepAlive()) session_.reset();
    return attempt;
  } catch (const Poco::TimeoutException&) {
    // Waiting as long once more would help nobody.
    session_.reset();
    return {std::unexpected(connectionError("no answer in time")), false};
  } catch (const Poco::Exception& exception) {
    session_.reset();
    Error error = errorOf(exception);
    const bool again = error.failure == Failure::unreachable && request.repeat == Request::Repeat::freely;
    return {std::unexpected(std::move(error)), again};
  }
}

std::optional<Error> Transport::Connection::connect(const Settings& settings) {
  try {
    if (!tls_) {
      auto tls = TlsContext::create(settings, endpoint_);
      if (!tls) return Error{Failure::tls, 0, tls.error().message};
      tls_ = std::move(*tls);
    }
    tls_->forgetDistrust();
    session_ = dial(settings);
    session_->socket().setNoDelay(true);
    session_->socket().setSendTimeout(timespan(settings.answerTimeout));
    session_->socket().setReceiveTimeout(timespan(settings.answerTimeout));
    session_->socket().setKeepAlive(true);  // or a stream would wait without end for a server that is gone
  } catch (const Poco::Exception& exception) {
    return errorOf(exception);
  }
  return std::nullopt;
}

// Connects to the first address of the host that takes it. No server name is sent to an address (RFC 6066
// §3).
std::unique_ptr<net::HTTPSClientSession> Transport::Connection::dial(const Settings& settings) {
  std::vector<net::IPAddress> addresses;
  net::IPAddress literal;
  const bool isLiteral = net::IPAddress::tryParse(endpoint_.host, literal);
  if (isLiteral) {
    addresses.push_back(literal);
  } else {
    addresses = net::DNS::hostByName(endpoint_.host).addresses();
  }
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    net::SecureStreamSocket socket(tls_->poco());
    if (!isLiteral) socket.setPeerHostName(endpoint_.host);
    // The session shares the socket, and cannot be made of a connected one.
    auto session = std::make_unique<net::HTTPSClientSession>(socket);
    session->setKeepAlive(true);
    socket.setLazyHandshake(true);  // within connect() it would wait for the server without end
    try {
      socket.connect(net::SocketAddress(addresses[i], endpoint_.port), timespan(settings.connectTimeout));
      socket.setSendTimeout(timespan(settings.connectTimeout));
      socket.setReceiveTimeout(timespan(settings.connectTimeout));
      socket.completeHandshake();
      return session;
    } catch (const net::SSLException&) {
      throw;
    } catch (const Poco::Exception&) {
      if (i + 1 == addresses.size()) throw;
    }
  }
  throw net::NoAddressFoundException(endpoint_.host);
}

Transport::Attempt Transport::Connection::exchange(const Request& request) {
  net::HTTPRequest head(request.method, endpoint_.path + request.path, net::HTTPMessage::HTTP_1_1);
  head.set("Host", endpoint_.authority());
  const bool asLines = request.answer == Request::Answer::lines;
  if (asLines) session_->socket().setReceiveTimeout(Poco::Timespan());
  if (request.body != nullptr) {
    head.setContentType("application/json");
    head.setContentLength64(static_cast<Poco::Int64>(request.body->text.size()));
  } else if (request.method != "GET") {
    head.setContentLength(0);
  }
  std::ostream& out = session_->sendRequest(head);
  if (request.body != nullptr) {
    out.write(request.body->text.data(), static_cast<std::streamsize>(request.body->text.size()));
  }
  out.flush();

  net::HTTPResponse response;
  std::istream& in = session_->receiveResponse(response);
  const int status = response.getStatus();
  const std::string contentType = response.getContentType();
  if (asLines && status == net::HTTPResponse::HTTP_OK) {
    auto explain = [this](const Poco::Exception& exception) { return errorOf(exception); };
    return {Response{contentType, {}, std::make_unique<LineStream>(std::move(session_), in, explain)}};
  }
  auto body = readAll(in, request.limit);
  if (!body) {
    session_->setKeepAlive(false);  // the rest of the answer is still to come
    return {std::unexpected(
        Error{Failure::malformed, 0,
              fmt::format("the answer of {} is larger than {} bytes", endpoint_.url(), request.limit)})};
  }
  if (response.hasContentLength() &&
      static_cast<Poco::UInt64>(response.getContentLength64()) != body->size()) {
    throw net::SSLConnectionUnexpectedlyClosedException();
  }
  if (!response.getKeepAlive()) session_->setKeepAlive(false);

  if (status == net::HTTPResponse::HTTP_OK) return {Response{contentType, std::move(*body), nullptr}};
  Error error{Failure::answered, status, messageOf(status, contentType, *body)};
  // A server answers 503 only when it has not touched its key store.
  return {std::unexpected(std::move(error)), status == net::HTTPResponse::HTTP_SERVICE_UNAVAILABLE};
}

Error Transport::Connection::connectionError(std::string reason) const {
  return {Failure::unreachable, 0, fmt::format("kes: connection error: {}: {}", endpoint_.url(), reason)};
}

Error Transport::Connection::errorOf(const Poco::Exception& exception) const {
  if (tls_ && !tls_->distrust().empty()) {
    return {Failure::certificate, 0,
            fmt::format("failed to verify the certificate of {}: {}", endpoint_.url(), tls_->distrust())};
  }
  const bool isTls = dynamic_cast<const net::SSLException*>(&exception) != nullptr;
  if (isTls && !isClosed(exception)) {
    return {Failure::tls, 0,
            fmt::format("TLS connection to {} failed: {}", endpoint_.url(), alertOf(exception))};
  }
  return connectionError(reasonOf(exception));
}

Transport::Transport(Settings settings) : settings_(std::move(settings)) {
  for (const Endpoint& endpoint : settings_.endpoints) {
    connections_.push_back(std::make_unique<Connection>(endpoint));
  }
}

Transport::Transport(Transport&&) noexcept = default;
Transport& Transport::operator=(Transport&&) noexcept = default;
Transport::~Transport() = default;

Result<Response> Transport::send(const Request& request) {
  for (int round = 1;; ++round) {
    Attempt attempt = sendToAny(request);
    if (!attempt.again || round >= settings_.attempts) return std::move(attempt.result);
    pause();
  }
}

Transport::Attempt Transport::sendToAny(const Request& request) {
  for (std::size_t tried = 1;; ++tried) {
    Attempt attempt = connections_[current_]->send(request, settings_);
    if (!attempt.again || tried == connections_.size()) return attempt;
    current_ = (current_ + 1) % connections_.size();
  }
}

void Transport::pause() const {
  std::random_device entropy;
  std::uniform_int_distribution<std::int64_t> jitter(
      0, std::max<std::int64_t>(settings_.retryJitter.count(), 1) - 1);
  std::this_thread::sleep_for(settings_.retryDelay + std::chrono::milliseconds(jitter(entropy)));
}

}  // namespace kes::client
