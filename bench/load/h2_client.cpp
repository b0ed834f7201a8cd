#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <stdexcept>
#include <unordered_map>

#include "client.h"

namespace kes::load {
namespace {

nghttp2_nv header(const std::string_view name, const std::string& value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

class H2Client final : public Client {
 public:
  H2Client(TlsConnection connection, Driver& driver, unsigned streams)
      : connection_(std::move(connection)), driver_(driver), streams_(streams) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onClose);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 1 << 24);
  }

  ~H2Client() override { nghttp2_session_del(session_); }

  TlsConnection& connection() noexcept override { return connection_; }
  unsigned inFlight() const noexcept override { return static_cast<unsigned>(open_.size()); }
  unsigned capacity() const noexcept override { return streams_; }

  void submit(RequestPtr request, Clock::time_point since) override {
    const std::string length = std::to_string(request->body.size());
    const std::array headers = {
        header(":method", request->method),
        header(":scheme", scheme_),
        header(":authority", request->authority),
        header(":path", request->path),
        header("content-type", type_),
        header("content-length", length),
    };
    nghttp2_data_provider body{};
    body.source.ptr = const_cast<Request*>(request.get());  // only ever read
    body.read_callback = readBody;
    const std::int32_t id = nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(),
                                                   request->body.empty() ? nullptr : &body, nullptr);
    if (id < 0) return driver_.failed(nghttp2_strerror(id));
    open_.emplace(id, Stream{since, std::move(request), 0, {}});
  }

  bool flush() override {
    output_.clear();
    for (;;) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) return false;
      if (size == 0) break;
      output_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
    }
    return connection_.send(output_);
  }

  bool onReadable() override {
    input_.clear();
    if (!connection_.receive(input_)) {
      driver_.failed("connection closed");
      return false;
    }
    const ssize_t used = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(input_.data()), input_.size());
    if (used < 0) {
      driver_.failed(nghttp2_strerror(static_cast<int>(used)));
      return false;
    }
    return flush();
  }

 private:
  struct Stream {
    Clock::time_point since;
    RequestPtr request;  // its body is read when there is room to send it
    int status = 0;
    std::string body;
  };

  // The whole body fits in one frame: it is at most a few hundred bytes.
  static ssize_t readBody(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                          std::uint32_t* flags, nghttp2_data_source* source, void*) {
    const std::string& body = static_cast<const Request*>(source->ptr)->body;
    if (body.size() > size) return NGHTTP2_ERR_CALLBACK_FAILURE;
    body.copy(reinterpret_cast<char*>(out), body.size());
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(body.size());
  }

  static int onHeader(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize, std::uint8_t,
                      void* self) {
    const std::string_view key(reinterpret_cast<const char*>(name), nameSize);
    if (key != ":status") return 0;
    const char* const text = reinterpret_cast<const char*>(value);
    std::from_chars(text, text + valueSize, static_cast<H2Client*>(self)->open_[frame->hd.stream_id].status);
    return 0;
  }

  static int onData(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                    std::size_t size, void* self) {
    static_cast<H2Client*>(self)->open_[stream].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int onClose(nghttp2_session*, std::int32_t id, std::uint32_t error, void* context) {
    auto* const self = static_cast<H2Client*>(context);
    const auto it = self->open_.find(id);
    if (it == self->open_.end()) return 0;
    const Stream stream = std::move(it->second);
    self->open_.erase(it);
    if (error != NGHTTP2_NO_ERROR) self->driver_.failed(nghttp2_http2_strerror(error));
    self->driver_.answered(*self, stream.status, stream.body, stream.since);
    return 0;
  }

  TlsConnection connection_;
  Driver& driver_;
  const unsigned streams_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<std::int32_t, Stream> open_;
  std::string input_;
  std::string output_;
  const std::string scheme_ = "https";
  const std::string type_ = "application/json";
};

}  // namespace

std::unique_ptr<Client> makeH2Client(TlsConnection connection, Driver& driver, unsigned streams) {
  return std::make_unique<H2Client>(std::move(connection), driver, streams);
}

}  // namespace kes::load
