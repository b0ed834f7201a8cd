#include "http/h2_session.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "http/event_loop.h"
#include "http/response_head.h"

namespace kes::http {
namespace {

// Window of the whole connection. Memory is bounded per stream, so this only has to be large enough.
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
// Window of a stream whose large body has its memory set aside.
constexpr std::int32_t kGrantedWindow = 256 * 1024;
// How much of a body that nobody asked for is read before the stream is reset.
constexpr std::uint64_t kMostDrained = 256 * 1024;
// A head beyond its limit by so many times the limit is no mistake: it gets a reset instead of its 431.
constexpr std::size_t kMostSurplus = 3;
// Collected before it is encrypted.
constexpr std::size_t kOutputChunk = 64 * 1024;
// Between the notice of a shutdown and its execution a client's requests that crossed the notice arrive.
constexpr auto kDrainNotice = std::chrono::milliseconds(100);

// For the compression of answers, which have few fields: the default of 4 KiB would be paid by each
// connection.
constexpr std::size_t kAnswerTable = 1024;

constexpr std::size_t kFrameHeaderSize = 9;
// What nghttp2 sends frames from holds one of this payload.
constexpr std::size_t kFrameBufferSize = 16 * 1024 + kFrameHeaderSize;

using Options = std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)>;

Options optionsFor(const Limits& limits) {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option, kAnswerTable);
  nghttp2_option_set_stream_reset_rate_limit(option, limits.resetBurst, limits.resetRate);
  nghttp2_option_set_max_continuations(option, limits.continuations);
  nghttp2_option_set_max_settings(option, limits.settingsEntries);
  nghttp2_option_set_max_outbound_ack(option, limits.unreadAcks);
  return {option, &nghttp2_option_del};
}

std::uint8_t* mutableBytes(std::string_view text) noexcept {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads
}

// A field whose name and value outlive the session's output (literals).
nghttp2_nv constantField(std::string_view name, std::string_view value) noexcept {
  return {mutableBytes(name), mutableBytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

nghttp2_nv copiedField(std::string_view name, std::string_view value) noexcept {
  return {mutableBytes(name), mutableBytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// One whose name alone does (a literal).
nghttp2_nv namedField(std::string_view name, std::string_view value) noexcept {
  return {mutableBytes(name), mutableBytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

// Half of what a connection may hold is spread over its streams; the other half is for large bodies, which
// have to be granted one by one. A window holds one frame of the size that everybody may send (RFC 9113
// §4.2), and until a client has acknowledged our SETTINGS it is larger, so what the streams hold is counted
// as well.
std::size_t windowOfStream(const Limits& limits) {
  return std::clamp<std::size_t>(limits.bodyPerConnection / 2 / std::max(limits.streams, 1U), 16384, 65535);
}

}  // namespace

// nghttp2 is C: it calls back with the session as a void pointer.
struct H2Session::Callbacks {
  static H2Session& self(void* user) noexcept { return *static_cast<H2Session*>(user); }
  static HttpExchange* exchange(nghttp2_session* session, std::int32_t stream) noexcept {
    return static_cast<HttpExchange*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static int onBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) self(user).beginStream(frame->hd.stream_id);
    return 0;
  }

  static int onHeader(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                      std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize, std::uint8_t,
                      void* user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // a trailer
    auto* to = exchange(session, frame->hd.stream_id);
    if (to == nullptr) return 0;
    const bool go =
        self(user).addField(*to, base::textOf({name, nameSize}), base::textOf({value, valueSize}));
    return go ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int onFrame(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    self(user).noteGreeting();
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    auto* to = exchange(session, frame->hd.stream_id);
    if (to == nullptr) return 0;
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self(user).endHead(*to, ends);
    } else if (ends) {
      to->endRequest();
    }
    return 0;
  }

  static int onInvalidFrame(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    self(user).noteInvalid(*frame);
    return 0;
  }

  static int onFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) self(user).noteGoaway(frame->goaway.error_code);
    return 0;
  }

  static int onData(nghttp2_session* session, std::uint8_t, std::int32_t stream, const std::uint8_t* data,
                    std::size_t size, void* user) {
    nghttp2_session_consume_connection(session, size);
    if (auto* to = exchange(session, stream)) {
      self(user).takeBody(*to, {data, size});
    } else {
      nghttp2_session_consume_stream(session, stream, size);
    }
    return 0;
  }

  static int onStreamClose(nghttp2_session* session, std::int32_t stream, std::uint32_t, void* user) {
    if (auto* to = exchange(session, stream)) self(user).endStream(*to);
    return 0;
  }

  static int onError(nghttp2_session*, int, const char* message, std::size_t size, void* user) {
    self(user).transport_.report("http2: " + std::string(message, size));
    return 0;
  }

  // Says how much of the answer goes into the next DATA frame; `sendData` puts it there.
  static ssize_t readResponse(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room,
                              std::uint32_t* flags, nghttp2_data_source* source, void*) {
    const auto& exchange = *static_cast<HttpExchange*>(source->ptr);
    const auto left = exchange.response.size() - exchange.transfer.sent;
    const auto size = std::min(left, room);
    const bool more = exchange.phase() == HttpExchange::Phase::streaming;
    if (left == 0 && more) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == left && !more) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int sendData(nghttp2_session*, nghttp2_frame*, const std::uint8_t* frameHeader, std::size_t size,
                      nghttp2_data_source* source, void* user) {
    auto& to = self(user);
    auto& out = to.transport_.loop().outputBuffer();
    if (out.size() > kOutputChunk) {
      to.outputFull_ = true;
      return NGHTTP2_ERR_WOULDBLOCK;
    }
    auto& exchange = *static_cast<HttpExchange*>(source->ptr);
    out.append(base::ByteView(frameHeader, kFrameHeaderSize));
    out.append(exchange.response.view().subspan(exchange.transfer.sent, size));
    exchange.transfer.sent += size;
    to.queued_ -= size;
    to.sent_ += size;
    return 0;
  }

  static SlabPool& pool(void* user) noexcept { return static_cast<Memory*>(user)->pool; }
  static void* allocate(std::size_t size, void* user) {
    auto& memory = *static_cast<Memory*>(user);
    void* const object = memory.pool.allocate(size);
    if (memory.making && size >= kFrameBufferSize) memory.frameBuffer = object;
    return object;
  }
  static void* allocateZeros(std::size_t count, std::size_t size, void* user) {
    std::size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) return nullptr;
    void* const object = allocate(total, user);
    return object == nullptr ? object : std::memset(object, 0, total);
  }
  static void release(void* object, void* user) { pool(user).release(object); }
  static void* resize(void* object, std::size_t size, void* user) {
    return object == nullptr ? allocate(size, user) : pool(user).resize(object, size);
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, onBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(made, onHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, onFrame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, onInvalidFrame);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, onFrameSent);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, onData);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, onStreamClose);
    nghttp2_session_callbacks_set_error_callback2(made, onError);
    nghttp2_session_callbacks_set_send_data_callback(made, sendData);
    return made;
  }
};

H2Session::H2Session(Transport& transport)
    : transport_(transport),
      memory_{transport.loop().http2Memory()},
      streamWindow_(windowOfStream(transport.loop().limits())) {
  static nghttp2_session_callbacks* const callbacks = Callbacks::make();
  const auto options = optionsFor(transport.loop().limits());
  nghttp2_mem memory{.mem_user_data = &memory_,
                     .malloc = Callbacks::allocate,
                     .free = Callbacks::release,
                     .calloc = Callbacks::allocateZeros,
                     .realloc = Callbacks::resize};
  if (nghttp2_session_server_new3(&session_, callbacks, this, options.get(), &memory) != 0) {
    throw std::bad_alloc();
  }
  memory_.making = false;
  sendSettings();
  transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().header);
}

H2Session::~H2Session() {
  auto& loop = transport_.loop();
  while (open_ != nullptr) {
    auto& exchange = *open_;
    open_ = exchange.transfer.next;
    exchange.abandon();
    releaseGrant(exchange);
    loop.exchanges().release(exchange);
  }
  if (memory_.frameBuffer != nullptr) SlabPool::discard(memory_.frameBuffer);
  nghttp2_session_del(session_);
}

void H2Session::sendSettings() {
  const auto& limits = transport_.loop().limits();
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(streamWindow_)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.headerSize)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

void H2Session::receive(base::ByteView plaintext) {
  if (failed_ || ended_) return;
  const auto [sound, error] = watch_.follow(plaintext);
  auto used = nghttp2_session_mem_recv(session_, plaintext.data(), sound);
  // A first frame other than SETTINGS is nghttp2's to refuse, wherever the input is cut.
  if (used >= 0 && error != NGHTTP2_NO_ERROR && !greeted_)
    used = nghttp2_session_mem_recv(session_, plaintext.data() + sound, plaintext.size() - sound);
  if (used == NGHTTP2_ERR_FLOODED) reach(Limit::unreadAcks);
  if (used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) reach(Limit::continuations);
  if (used < 0) return fail(nghttp2_strerror(static_cast<int>(used)));
  if (error != NGHTTP2_NO_ERROR && greeted_) return end(error);
  if (headArriving_ && !headLimited_) limitHead();
}

// Says why, and hears no more.
void H2Session::end(std::uint32_t error) {
  transport_.report(std::string("http2: ") + nghttp2_http2_strerror(error));
  nghttp2_session_terminate_session(session_, error);
  ended_ = true;
}

// The rest of a header has to come in time. Most come in one piece, so this is not done for each.
void H2Session::limitHead() {
  headLimited_ = true;
  transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().header);
}

// By its end, or because its stream is reset: then nobody hears of the end.
void H2Session::noteHeadOver() {
  headArriving_ = false;
  if (!std::exchange(headLimited_, false)) return;
  transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().idle);
}

void H2Session::produce() {
  auto& out = transport_.loop().outputBuffer();
  while (!failed_ && !transport_.congested()) {
    outputFull_ = false;
    const std::uint8_t* frame = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &frame);
    if (size < 0) {
      fail(nghttp2_strerror(static_cast<int>(size)));
      break;
    }
    out.append(base::ByteView(frame, static_cast<std::size_t>(size)));
    if (size == 0 && !outputFull_) break;
    if (outputFull_ || out.size() > kOutputChunk) writeOut(out);
  }
  writeOut(out);
}

void H2Session::writeOut(WipedBytes& out) {
  if (out.empty()) return;
  transport_.write(out.view());
  out.clear(2 * kOutputChunk);
}

bool H2Session::wantsInput() const {
  return !failed_ && !transport_.congested();
}

bool H2Session::finished() const {
  if (failed_) return true;
  if (armed()) return false;  // requests that crossed the notice of our shutdown may still arrive
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

// Nothing is in the buffer once all frames are sent.
void H2Session::relax() {
  if (memory_.frameBuffer != nullptr && nghttp2_session_want_write(session_) == 0) {
    SlabPool::discard(memory_.frameBuffer);
  }
}

void H2Session::onTimeout() {
  auto& loop = transport_.loop();
  if (headArriving_) {
    reach(Limit::headerTimeout);
    fail("the request's head came too slowly");
    return;
  }
  if (!idle()) {
    if (stuck()) {
      reach(Limit::idleTimeout);
      fail("client does not take its answers");
    }
    transport_.setDeadline(loop.now() + loop.limits().idle);
    return;
  }
  if (draining_) {
    failed_ = true;
    return;
  }
  reach(greeted_ ? Limit::idleTimeout : Limit::headerTimeout);
  drain();
  transport_.setDeadline(loop.now() + 10 * kDrainNotice);
}

// Requests have deadlines of their own; answers must make some progress from one look to the next.
bool H2Session::stuck() {
  const bool moved = std::exchange(sentAtLastLook_, sent_) != sent_;
  if (moved) return false;
  for (const auto* exchange = open_; exchange != nullptr; exchange = exchange->transfer.next) {
    if (exchange->phase() != HttpExchange::Phase::answered) return false;
  }
  return true;
}

void H2Session::drain() {
  if (draining_) return;
  draining_ = true;
  for (auto* exchange = open_; exchange != nullptr; exchange = exchange->transfer.next) exchange->cutStream();
  nghttp2_submit_shutdown_notice(session_);
  transport_.loop().timers().schedule(*this, transport_.loop().now() + kDrainNotice);
  transport_.touch();
}

// The notice has had its time: from now on new streams are ignored.
void H2Session::onTimer() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  transport_.touch();
}

// The client's preface has come; from now on it may be idle.
void H2Session::noteGreeting() {
  if (std::exchange(greeted_, true)) return;
  transport_.setDeadline(transport_.loop().now() + transport_.loop().limits().idle);
}

// What nghttp2 limits shows in the GOAWAY that it sends: these codes have no other use of ours.
void H2Session::noteGoaway(std::uint32_t code) {
  if (code == NGHTTP2_INTERNAL_ERROR) reach(Limit::resets);
  if (code == NGHTTP2_ENHANCE_YOUR_CALM) reach(Limit::settingsEntries);
}

// A request beyond the limit of streams, in the words of nghttp2, is invalid.
void H2Session::noteInvalid(const nghttp2_frame& frame) {
  const bool isRequest = frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
  if (isRequest && streams_ >= transport_.loop().limits().streams) reach(Limit::streams);
}

void H2Session::beginStream(std::int32_t stream) {
  headArriving_ = true;
  ++streams_;
  auto& exchange = transport_.loop().exchanges().take();
  exchange.begin(*this, transport_.peer(), stream);
  exchange.transfer.next = open_;
  if (open_ != nullptr) open_->transfer.previous = &exchange;
  open_ = &exchange;
  nghttp2_session_set_stream_user_data(session_, stream, &exchange);
}

// False once the head is so large that its stream is reset and nothing more of it is wanted: by HPACK a byte
// may stand for a field of 4 KB, and nghttp2 checks every character of it.
bool H2Session::addField(HttpExchange& exchange, std::string_view name, std::string_view value) {
  auto& head = exchange.head();
  const auto limit = transport_.loop().limits().headerSize;
  const auto size = name.size() + value.size() + 32;  // RFC 9113 §6.5.2
  if (auto& surplus = exchange.transfer.surplus; surplus > 0 || head.listSize() + size > limit) {
    surplus += size;
    if (surplus < kMostSurplus * limit) return true;
    reach(Limit::headerSize);
    noteHeadOver();
    reset(exchange, NGHTTP2_ENHANCE_YOUR_CALM);
    return false;
  }
  if (!name.starts_with(':')) {
    head.addField(name, value);
  } else if (name == ":method") {
    head.setMethod(value);
  } else if (name == ":path") {
    head.setTarget(value);
  } else if (name == ":authority") {
    head.addField("host", value);
  }
  return true;
}

void H2Session::endHead(HttpExchange& exchange, bool endsRequest) {
  noteHeadOver();
  if (endsRequest) exchange.endRequest();
  if (exchange.transfer.surplus > 0) {
    reach(Limit::headerSize);
    exchange.refuse(431);
    return;
  }
  if (queued_ > transport_.loop().limits().answersPerConnection) {
    reach(Limit::answersPerConnection);
    reset(exchange, NGHTTP2_REFUSED_STREAM);
    return;
  }
  if (exchange.target().empty()) {  // CONNECT
    exchange.refuse(400);
    return;
  }
  exchange.setContentLength(std::nullopt);
  if (endsRequest) {
    exchange.setContentLength(0);
  } else if (const auto length = exchange.header("content-length"); !length.empty()) {
    std::uint64_t size = 0;  // nghttp2 has checked it
    std::from_chars(length.data(), length.data() + length.size(), size);
    exchange.setContentLength(size);
  }
  exchange.announce();
}

void H2Session::startBody(HttpExchange& exchange) {
  if (exchange.header("expect") == "100-continue" && exchange.bodySeen() == 0) {
    const auto status = constantField(":status", "100");
    nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, exchange.stream(), nullptr, &status, 1, nullptr);
  }
  transport_.touch();
  if (exchange.contentLength().value_or(0) > streamWindow_) askForGrant(exchange);
}

void H2Session::takeBody(HttpExchange& exchange, base::ByteView piece) {
  const auto before = exchange.body().size();
  const bool taken = exchange.takeBody(piece);
  if (!hold(exchange, exchange.body().size() - before)) {
    transport_.report("http2: too many bodies at once (limits.body_per_connection)");
    reach(Limit::bodyPerConnection);
    reset(exchange, NGHTTP2_REFUSED_STREAM);
    return;
  }
  if (!taken) {
    transport_.report("http2: no memory left for request bodies (limits.body_total)");
    reset(exchange, NGHTTP2_REFUSED_STREAM);
    return;
  }
  consume(exchange, piece.size());
  if (exchange.phase() == HttpExchange::Phase::answered && exchange.bodySeen() > kMostDrained)
    giveUp(exchange);
}

// Opens the stream's window again, unless the memory for more of its body has yet to be granted.
void H2Session::consume(HttpExchange& exchange, std::size_t size) {
  auto& transfer = exchange.transfer;
  transfer.unconsumed += size;
  if (exchange.keepsBody() && transfer.granted == 0) {
    if (2 * transfer.unconsumed >= streamWindow_) askForGrant(exchange);
    if (transfer.granted == 0) return;
  }
  nghttp2_session_consume_stream(session_, exchange.stream(), std::exchange(transfer.unconsumed, 0));
}

void H2Session::askForGrant(HttpExchange& exchange) {
  auto& transfer = exchange.transfer;
  if (transfer.granted > 0 || transfer.waitsForGrant || tryGrant(exchange)) return;
  reach(Limit::bodyPerConnection);
  transfer.waitsForGrant = true;
  waitingForGrant_.push_back(exchange.stream());
}

// At least one large body may always come in, however large its limit.
bool H2Session::tryGrant(HttpExchange& exchange) {
  const auto wanted = static_cast<std::size_t>(
      std::min<std::uint64_t>(exchange.bodyLimit(), exchange.contentLength().value_or(exchange.bodyLimit())));
  if (granted_ > 0 && granted_ + wanted > transport_.loop().limits().bodyPerConnection / 2) return false;
  auto& transfer = exchange.transfer;
  transfer.granted = std::max<std::size_t>(wanted, 1);
  granted_ += transfer.granted;
  releaseHeld(exchange);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, exchange.stream(), kGrantedWindow);
  nghttp2_session_consume_stream(session_, exchange.stream(), std::exchange(transfer.unconsumed, 0));
  return true;
}

void H2Session::releaseGrant(HttpExchange& exchange) {
  granted_ -= std::exchange(exchange.transfer.granted, 0);
}

// False when the bodies without a grant take more than a connection may hold. Those of a client that respects
// its windows can do so only on nearly all of its streams at once, while large bodies on them wait for a
// grant.
bool H2Session::hold(HttpExchange& exchange, std::size_t size) {
  if (exchange.transfer.granted > 0) return true;
  exchange.transfer.held += size;
  held_ += size;
  return held_ <= transport_.loop().limits().bodyPerConnection;
}

void H2Session::releaseHeld(HttpExchange& exchange) {
  held_ -= std::exchange(exchange.transfer.held, 0);
}

void H2Session::grantWaiting() {
  while (!waitingForGrant_.empty()) {
    auto* exchange = Callbacks::exchange(session_, waitingForGrant_.front());
    if (exchange != nullptr && exchange->keepsBody() && !tryGrant(*exchange)) return;
    if (exchange != nullptr) exchange->transfer.waitsForGrant = false;
    waitingForGrant_.erase(waitingForGrant_.begin());
  }
}

void H2Session::respond(HttpExchange& exchange, const Answer& answer) {
  submit(exchange, answer, false);
}

void H2Session::startPieces(HttpExchange& exchange, const Answer& head) {
  submit(exchange, head, true);
}

void H2Session::sendPiece(HttpExchange& exchange, std::string_view piece) {
  auto& unsent = exchange.response;
  unsent.dropFront(std::exchange(exchange.transfer.sent, 0));
  unsent.append(piece);
  queued_ += piece.size();
  nghttp2_session_resume_data(session_, exchange.stream());
  transport_.touch();
}

void H2Session::endPieces(HttpExchange& exchange) {
  nghttp2_session_resume_data(session_, exchange.stream());
  transport_.touch();
}

bool H2Session::congested(const HttpExchange& exchange) const {
  return transport_.congested() || exchange.response.size() - exchange.transfer.sent > kOutputChunk;
}

void H2Session::submit(HttpExchange& exchange, const Answer& answer, bool inPieces) {
  std::array<char, 3> status{};
  std::to_chars(status.data(), status.data() + status.size(), std::clamp(answer.status, 100, 999));
  std::array<char, 20> length{};
  const auto lengthEnd = std::to_chars(length.begin(), length.end(), answer.body.size()).ptr;

  std::array<nghttp2_nv, 16> fields;
  std::size_t count = 0;
  fields[count++] = answer.status == 200 ? constantField(":status", "200")
                                         : namedField(":status", {status.data(), status.size()});
  fields[count++] = namedField("date", transport_.loop().date());
  if (!answer.contentType.empty() && isSendableValue(answer.contentType)) {
    fields[count++] = namedField("content-type", answer.contentType);
  }
  if (mayHaveBody(answer.status) && !inPieces) {
    fields[count++] = namedField("content-length", {length.data(), lengthEnd});
  }
  for (const auto& header : answer.extra) {
    if (count < fields.size() && isSendable(header)) fields[count++] = copiedField(header.name, header.value);
  }

  auto& transfer = exchange.transfer;
  const bool withBody = mayHaveBody(answer.status) && !answer.body.empty() && exchange.method() != "HEAD";
  if (withBody) {
    exchange.response.append(answer.body);
    queued_ += answer.body.size();
  }
  nghttp2_data_provider provider{{.ptr = &exchange}, Callbacks::readResponse};
  if (nghttp2_submit_response(session_, exchange.stream(), fields.data(), count,
                              withBody || inPieces ? &provider : nullptr) != 0) {
    reset(exchange, NGHTTP2_INTERNAL_ERROR);
  }
  releaseHeld(exchange);
  releaseGrant(exchange);
  grantWaiting();
  if (!exchange.requestEnded()) {
    // The rest of the body is read and dropped for a while.
    nghttp2_session_consume_stream(session_, exchange.stream(), std::exchange(transfer.unconsumed, 0));
    if (!inPieces) exchange.limitRest();
  }
  transport_.touch();
}

void H2Session::giveUp(HttpExchange& exchange) {
  if (exchange.phase() == HttpExchange::Phase::answered) {
    reset(exchange, NGHTTP2_NO_ERROR);
  } else {
    transport_.report("http2: the request's body came too slowly");
    reset(exchange, NGHTTP2_CANCEL);
  }
  transport_.touch();
}

void H2Session::reset(HttpExchange& exchange, std::uint32_t code) {
  exchange.abandon();
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, exchange.stream(), code);
}

void H2Session::endStream(HttpExchange& exchange) {
  --streams_;
  if (exchange.phase() == HttpExchange::Phase::head) noteHeadOver();
  auto& transfer = exchange.transfer;
  queued_ -= exchange.response.size() - transfer.sent;
  releaseHeld(exchange);
  releaseGrant(exchange);
  if (transfer.next != nullptr) transfer.next->transfer.previous = transfer.previous;
  (transfer.previous != nullptr ? transfer.previous->transfer.next : open_) = transfer.next;
  nghttp2_session_set_stream_user_data(session_, exchange.stream(), nullptr);
  exchange.abandon();
  auto& loop = transport_.loop();
  loop.exchanges().release(exchange);
  grantWaiting();
  if (!headArriving_) transport_.setDeadline(loop.now() + loop.limits().idle);
}

void H2Session::reach(Limit limit) noexcept {
  transport_.loop().counters().reach(limit);
}

void H2Session::fail(std::string_view what) {
  transport_.report("http2: " + std::string(what));
  failed_ = true;
}

}  // namespace kes::http
