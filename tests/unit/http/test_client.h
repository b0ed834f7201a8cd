#pragma once

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unit/http/test_certificates.h"

namespace kes::http::test {

struct ClientOptions {
  const Credential* credential = nullptr;
  std::vector<X509*> chain = {};            // sent after the credential's certificate
  std::vector<std::string> protocols = {};  // ALPN, empty = none offered
  int version = 0;                          // TLS1_2_VERSION, TLS1_3_VERSION; 0 = any
  SSL_SESSION* session = nullptr;           // to resume
  const char* ciphers = nullptr;            // in the client's order, of TLS 1.3; null = OpenSSL's
};

// A blocking TLS client over loopback. Every wait ends after some seconds with a failure.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const ClientOptions& options);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // False when the server refused; in TLS 1.3 a client learns that its certificate was refused with the first
  // read.
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  bool send(std::string_view bytes);
  // Some bytes; empty at the end of the stream or after a failure.
  [[nodiscard]] std::string receive();
  // All bytes until the server closes.
  [[nodiscard]] std::string receiveAll();
  // Bytes until `end` has come, that included; what follows is kept for later.
  [[nodiscard]] std::string receiveUntil(std::string_view end);
  [[nodiscard]] std::string receiveExactly(std::size_t size);
  [[nodiscard]] bool atEnd();
  [[nodiscard]] SSL* ssl() { return ssl_; }
  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] std::string protocol() const;
  // The newest session ticket; the caller frees it. Null when there was none.
  [[nodiscard]] SSL_SESSION* takeSession();

 private:
  int socket_ = -1;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  SSL_SESSION* session_ = nullptr;
  bool connected_ = false;
  bool ended_ = false;
  std::string error_;
  std::string buffered_;
};

// A TCP connection to loopback without TLS, from the loopback address `from`; reads time out.
[[nodiscard]] int connectTcp(std::uint16_t port, const char* from = "127.0.0.1");

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  std::uint32_t resetCode = 0;  // h2: RST_STREAM
  bool reset = false;
  bool complete = false;
};

// HTTP/1.1 over a TlsClient.
class H1Client : public TlsClient {
 public:
  H1Client(std::uint16_t port, ClientOptions options) : TlsClient(port, options) {}
  // Reads one response; status 0 when the connection ended instead.
  [[nodiscard]] Response response(bool head = false);
  [[nodiscard]] Response request(std::string_view method, std::string_view target, std::string_view body = {},
                                 std::string_view headers = {});
};

// HTTP/2 through nghttp2's client session over a TlsClient.
class H2Client {
 public:
  H2Client(std::uint16_t port, ClientOptions options);
  ~H2Client();

  struct Request {
    std::string method = "GET";
    std::string target = "/hello";
    std::optional<std::string> body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    bool withContentLength = false;
  };
  // Queues a request and returns its stream.
  std::int32_t submit(const Request& request);
  void reset(std::int32_t stream, std::uint32_t code);
  // Sends what is queued.
  bool flush();
  // Exchanges frames until the stream is closed.
  Response wait(std::int32_t stream);
  Response fetch(const Request& request) { return wait(submit(request)); }
  // Exchanges frames until the connection ends.
  void waitForEnd();
  // Exchanges frames until the server's SETTINGS have been seen.
  void waitForSettings();
  void waitForGoaways(int count);
  // Exchanges frames until the condition holds. False when the connection has ended first.
  bool runUntil(const std::function<bool()>& condition);
  [[nodiscard]] const Response& response(std::int32_t stream) { return responses_[stream]; }
  [[nodiscard]] TlsClient& tls() { return tls_; }
  [[nodiscard]] nghttp2_session* session() { return session_; }
  [[nodiscard]] int goaways() const { return goaways_; }
  [[nodiscard]] std::int32_t lastGoawayStream() const { return lastGoawayStream_; }
  [[nodiscard]] std::uint32_t goawayCode() const { return goawayCode_; }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct Callbacks;
  bool pump();

  TlsClient tls_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Response> responses_;
  std::map<std::int32_t, std::pair<std::string, std::size_t>> bodies_;
  int settings_ = 0;
  int goaways_ = 0;
  std::int32_t lastGoawayStream_ = 0;
  std::uint32_t goawayCode_ = 0;
  bool ended_ = false;
};

}  // namespace kes::http::test
