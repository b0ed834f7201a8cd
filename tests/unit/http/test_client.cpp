#include "unit/http/test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace kes::http::test {
namespace {

std::string lastError() {
  char text[256] = {};
  ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

int keepSession(SSL* ssl, SSL_SESSION* session) {
  auto* kept = static_cast<SSL_SESSION**>(SSL_get_app_data(ssl));
  SSL_SESSION_free(*kept);
  *kept = session;
  return 1;
}

}  // namespace

int connectTcp(std::uint16_t port, const char* from) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, from, &address.sin_addr);
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

TlsClient::TlsClient(std::uint16_t port, const ClientOptions& options)
    : socket_(connectTcp(port)), context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_min_proto_version(context_, options.version);
  SSL_CTX_set_max_proto_version(context_, options.version);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, keepSession);
  if (options.ciphers != nullptr) SSL_CTX_set_ciphersuites(context_, options.ciphers);
  if (options.credential != nullptr) {
    SSL_CTX_use_certificate(context_, options.credential->certificate.get());
    SSL_CTX_use_PrivateKey(context_, options.credential->key.get());
  }
  for (auto* certificate : options.chain) SSL_CTX_add1_chain_cert(context_, certificate);
  std::string protocols;
  for (const auto& name : options.protocols) protocols += static_cast<char>(name.size()) + name;
  if (!protocols.empty()) {
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(protocols.data()),
                            static_cast<unsigned>(protocols.size()));
  }
  ssl_ = SSL_new(context_);
  SSL_set_app_data(ssl_, &session_);
  SSL_set_fd(ssl_, socket_);
  if (options.session != nullptr) SSL_set_session(ssl_, options.session);
  ERR_clear_error();
  connected_ = SSL_connect(ssl_) == 1;
  if (!connected_) error_ = lastError();
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(session_);
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // else its session counts as broken
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  ::close(socket_);
}

bool TlsClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t written = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) != 1) return false;
    bytes.remove_prefix(written);
  }
  return true;
}

std::string TlsClient::receive() {
  if (!buffered_.empty()) return std::exchange(buffered_, {});
  if (ended_ || !connected_) return {};
  std::string buffer(16 * 1024, '\0');
  ERR_clear_error();
  const int count = SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
  if (count <= 0) {
    ended_ = true;
    if (SSL_get_error(ssl_, count) != SSL_ERROR_ZERO_RETURN) error_ = lastError();
    return {};
  }
  buffer.resize(static_cast<std::size_t>(count));
  return buffer;
}

std::string TlsClient::receiveAll() {
  std::string all;
  for (auto piece = receive(); !piece.empty(); piece = receive()) all += piece;
  return all;
}

std::string TlsClient::receiveUntil(std::string_view end) {
  std::string all;
  for (;;) {
    if (const auto found = all.find(end); found != std::string::npos) {
      buffered_ = all.substr(found + end.size()) + buffered_;
      all.resize(found + end.size());
      return all;
    }
    const auto piece = receive();
    if (piece.empty()) return {};
    all += piece;
  }
}

std::string TlsClient::receiveExactly(std::size_t size) {
  std::string all;
  while (all.size() < size) {
    const auto piece = receive();
    if (piece.empty()) return all;
    all += piece;
  }
  buffered_ = all.substr(size) + buffered_;
  all.resize(size);
  return all;
}

bool TlsClient::atEnd() {
  buffered_ = receive();
  return buffered_.empty();
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

SSL_SESSION* TlsClient::takeSession() {
  return std::exchange(session_, nullptr);
}

Response H1Client::response(bool head) {
  Response response;
  auto text = receiveUntil("\r\n\r\n");
  if (text.empty()) return response;
  std::from_chars(text.data() + 9, text.data() + 12, response.status);
  for (auto at = text.find("\r\n") + 2; at + 2 < text.size();) {
    const auto end = text.find("\r\n", at);
    const auto colon = text.find(": ", at);
    response.headers[lower(text.substr(at, colon - at))] = text.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  std::size_t size = 0;
  if (const auto& length = response.headers["content-length"]; !length.empty() && !head)
    size = std::stoul(length);
  response.body = receiveExactly(size);
  response.complete = response.body.size() == size;
  return response;
}

Response H1Client::request(std::string_view method, std::string_view target, std::string_view body,
                           std::string_view headers) {
  std::string text(method);
  text.append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers);
  if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  text.append("\r\n").append(body);
  if (!send(text)) return {};
  return response(method == "HEAD");
}

struct H2Client::Callbacks {
  static H2Client& self(void* user) { return *static_cast<H2Client*>(user); }

  static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize, std::uint8_t,
                      void* user) {
    auto& response = self(user).responses_[frame->hd.stream_id];
    const std::string key(reinterpret_cast<const char*>(name), nameSize);
    const std::string text(reinterpret_cast<const char*>(value), valueSize);
    if (key == ":status") {
      response.status = std::stoi(text);
    } else {
      response.headers[key] = text;
    }
    return 0;
  }

  static int onData(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                    std::size_t size, void* user) {
    self(user).responses_[stream].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int onFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& client = self(user);
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) ++client.settings_;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      ++client.goaways_;
      client.lastGoawayStream_ = frame->goaway.last_stream_id;
      client.goawayCode_ = frame->goaway.error_code;
    }
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      client.responses_[frame->hd.stream_id].reset = true;
      client.responses_[frame->hd.stream_id].resetCode = frame->rst_stream.error_code;
    }
    return 0;
  }

  static int onClose(nghttp2_session*, std::int32_t stream, std::uint32_t, void* user) {
    self(user).responses_[stream].complete = true;
    return 0;
  }

  static ssize_t readBody(nghttp2_session*, std::int32_t stream, std::uint8_t* out, std::size_t room,
                          std::uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& [body, sent] = self(user).bodies_[stream];
    const auto size = std::min(room, body.size() - sent);
    std::copy_n(body.begin() + static_cast<std::ptrdiff_t>(sent), size, out);
    sent += size;
    if (sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

H2Client::H2Client(std::uint16_t port, ClientOptions options)
    : tls_(port, (options.protocols = {"h2"}, std::move(options))) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::onHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::onData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::onFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::onClose);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry setting{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1024 * 1024};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &setting, 1);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 16 * 1024 * 1024);
}

H2Client::~H2Client() {
  nghttp2_session_del(session_);
}

std::int32_t H2Client::submit(const Request& request) {
  std::vector<std::pair<std::string, std::string>> fields = {{":method", request.method},
                                                             {":scheme", "https"},
                                                             {":authority", "localhost"},
                                                             {":path", request.target}};
  if (request.withContentLength) fields.emplace_back("content-length", std::to_string(request.body->size()));
  fields.insert(fields.end(), request.headers.begin(), request.headers.end());
  std::vector<nghttp2_nv> nv;
  for (auto& [name, value] : fields) {
    nv.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                  name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  nghttp2_data_provider provider{{.ptr = nullptr}, Callbacks::readBody};
  const auto stream = nghttp2_submit_request(session_, nullptr, nv.data(), nv.size(),
                                             request.body ? &provider : nullptr, nullptr);
  if (request.body) bodies_[stream] = {*request.body, 0};
  return stream;
}

void H2Client::reset(std::int32_t stream, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, code);
}

bool H2Client::flush() {
  std::string out;
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) break;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
  return tls_.send(out);
}

bool H2Client::pump() {
  if (!flush()) return false;
  const auto bytes = tls_.receive();
  if (bytes.empty()) {
    ended_ = true;
    return false;
  }
  const auto used =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used < 0) return false;
  return flush();
}

Response H2Client::wait(std::int32_t stream) {
  while (!responses_[stream].complete && pump()) {
  }
  return responses_[stream];
}

void H2Client::waitForEnd() {
  while (pump()) {
  }
}

void H2Client::waitForSettings() {
  while (settings_ == 0 && pump()) {
  }
}

bool H2Client::runUntil(const std::function<bool()>& condition) {
  while (!condition()) {
    if (!pump()) return condition();
  }
  return true;
}

void H2Client::waitForGoaways(int count) {
  while (goaways_ < count && pump()) {
  }
}

}  // namespace kes::http::test
