// HTTP without TLS and sockets.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "http/h1_parser.h"
#include "http/h1_session.h"
#include "http/h2_session.h"
#include "http/transport.h"
#include "support/inner_server.h"

namespace kes::bench {
namespace {

constexpr int kBatch = 64;  // requests fed to a session at once

// What a Go client sends.
std::string http1Request(std::string_view path, std::string_view body) {
  return fmt::format(
      "PUT {} HTTP/1.1\r\nHost: kes.example.net:7373\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: "
      "{}\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n{}",
      path, body.size(), body);
}

void parseHead(benchmark::State& state) {
  const std::string text = http1Request("/v1/key/generate/my-key", R"({"context":"YnVja2V0L29iamVjdA=="})");
  http::H1Parser parser(16 * 1024);
  http::RequestHead head;
  for (auto _ : state) {
    head.clear();
    parser.begin(head);
    std::size_t used = 0;
    while (!parser.complete()) {
      const auto step = parser.parse(base::bytesOf(text).subspan(used));
      if (step.needsMore || step.refusal != 0) return state.SkipWithError("not parsed");
      used += step.used;
    }
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(parseHead);

// The connection's part, as far as sessions need one.
class Sink final : public http::Transport {
 public:
  explicit Sink(http::EventLoop& loop) : loop_(loop) {
    peer_.identity = "client";
    peer_.address = "127.0.0.1";
  }

  http::EventLoop& loop() noexcept override { return loop_; }
  const http::Peer& peer() const noexcept override { return peer_; }
  void write(base::ByteView plaintext) override { written.append(base::textOf(plaintext)); }
  bool congested() const noexcept override { return false; }
  void setDeadline(base::SteadyTime) override {}
  void touch() override {}
  void report(std::string_view what) override { throw std::runtime_error(std::string(what)); }

  std::string written;

 private:
  http::EventLoop& loop_;
  http::Peer peer_;
};

// Everything that a session needs, in the order in which it must go.
struct Stage {
  Stage() : loop(InnerServer::makeLoop(nullptr)), sink(*loop) { loop->begin(server.makeHandler()); }

  InnerServer server{"client"};
  Bodies bodies{server};
  std::shared_ptr<http::EventLoop> loop;
  Sink sink;
};

void http1Session(benchmark::State& state) {
  Stage stage;
  http::H1Session session(stage.sink);
  const std::string request = http1Request("/v1/key/generate/my-key", stage.bodies.generate);
  for (auto _ : state) {
    session.receive(base::bytesOf(request));
    session.produce();
    if (!stage.sink.written.starts_with("HTTP/1.1 200 ")) return state.SkipWithError("refused");
    stage.sink.written.clear();
  }
}
BENCHMARK(http1Session);

// An nghttp2 client that turns requests into bytes, and takes the answers.
class Http2Client {
 public:
  explicit Http2Client(const std::string& body) : body_(body), length_(std::to_string(body.size())) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t nameSize,
                      const std::uint8_t* value, std::size_t valueSize, std::uint8_t, void* self) {
          const std::string_view key(reinterpret_cast<const char*>(name), nameSize);
          const std::string_view text(reinterpret_cast<const char*>(value), valueSize);
          if (key == ":status" && text == "200") ++static_cast<Http2Client*>(self)->answers;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  void submit() {
    const auto field = [](std::string_view name, std::string_view value) {
      return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    const nghttp2_nv fields[] = {field(":method", "PUT"),
                                 field(":scheme", "https"),
                                 field(":authority", "kes.example.net:7373"),
                                 field(":path", "/v1/key/generate/my-key"),
                                 field("user-agent", "Go-http-client/2.0"),
                                 field("content-type", "application/json"),
                                 field("content-length", length_),
                                 field("accept-encoding", "gzip")};
    nghttp2_data_provider body{};
    body.source.ptr = const_cast<std::string*>(&body_);
    body.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                            std::uint32_t* flags, nghttp2_data_source* source, void*) {
      const auto* const text = static_cast<const std::string*>(source->ptr);
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(text->copy(reinterpret_cast<char*>(out), size));
    };
    if (nghttp2_submit_request(session_, nullptr, fields, std::size(fields), &body, nullptr) < 0)
      throw std::runtime_error("submit");
  }

  [[nodiscard]] std::string take() {
    std::string bytes;
    for (;;) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size <= 0) return bytes;
      bytes.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
  }

  void give(std::string_view bytes) {
    if (nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                 bytes.size()) < 0)
      throw std::runtime_error("receive");
  }

  int answers = 0;

 private:
  const std::string& body_;
  std::string length_;
  nghttp2_session* session_ = nullptr;
};

// The client's share is left out of the time, which is that of a batch; `each` is that of a request.
void http2Session(benchmark::State& state) {
  Stage stage;
  http::H2Session session(stage.sink);
  Http2Client client(stage.bodies.generate);
  int asked = 0;
  for (auto _ : state) {
    for (int i = 0; i < kBatch; ++i) client.submit();
    asked += kBatch;
    const std::string bytes = client.take();
    const auto begin = std::chrono::steady_clock::now();
    session.receive(base::bytesOf(bytes));
    session.produce();
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    client.give(stage.sink.written);
    stage.sink.written.clear();
    if (client.answers != asked) return state.SkipWithError("refused");
  }
  state.counters["each"] =
      benchmark::Counter(kBatch, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(http2Session)->UseManualTime();

}  // namespace
}  // namespace kes::bench
