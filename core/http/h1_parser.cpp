#include "http/h1_parser.h"

#include <boost/beast/http/basic_parser.hpp>

#include <limits>

namespace kes::http {

namespace beast = boost::beast;
using beast::http::error;
using Text = beast::string_view;

namespace {

std::string_view viewOf(Text text) noexcept {
  return {text.data(), text.size()};
}

// "https://host/path" → "/path": a server must understand the absolute form (RFC 9112 §3.2.2).
std::string_view originForm(std::string_view target) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto path = target.find('/', scheme.size());
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  return target;
}

// A line that begins with a blank goes on with the field before it. Beast joins the two, as RFC 9112 §5.2
// allows; but whoever else reads the request may not, and nobody sends such lines any more.
bool hasFoldedLine(std::string_view lines) noexcept {
  for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n', end + 1)) {
    if (end + 1 < lines.size() && (lines[end + 1] == ' ' || lines[end + 1] == '\t')) return true;
  }
  return false;
}

bool isServable(std::string_view method, std::string_view target) noexcept {
  return target.starts_with('/') || (target == "*" && method == "OPTIONS");
}

}  // namespace

class H1Parser::Beast final : public beast::http::basic_parser<true> {
 public:
  explicit Beast(RequestHead& head) : head_(head) {
    // The handler says how much it wants. Not boost::none, which Beast 1.74 compares as if it were zero.
    body_limit(std::numeric_limits<std::uint64_t>::max());
    header_limit(std::numeric_limits<std::uint32_t>::max());
  }

  base::ByteView piece;
  std::uint64_t bodySeen = 0;
  bool expectsContinue = false;
  bool unknownCoding = false;
  bool missesHost() const noexcept { return hosts_ != 1 && !(hosts_ == 0 && version_ == 10); }
  bool isVersion11() const noexcept { return version_ == 11; }
  bool unservable() const noexcept { return !isServable(head_.method(), head_.target()); }

 private:
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Error&) override {
    version_ = version;
    head_.setMethod(viewOf(method));
    head_.setTarget(originForm(viewOf(target)));
  }

  void on_field_impl(beast::http::field name, Text nameText, Text value, Error& ec) override {
    if (headDone_) return;  // a trailer
    switch (name) {
      case beast::http::field::transfer_encoding:
        // Other codings than chunked are not understood, and HTTP/1.0 has none (RFC 9112 §6.1).
        unknownCoding = version_ == 10 || !beast::iequals(value, "chunked");
        if (unknownCoding) ec = error::bad_transfer_encoding;
        break;
      case beast::http::field::host:
        ++hosts_;
        break;
      case beast::http::field::expect:
        expectsContinue = version_ == 11 && beast::iequals(value, "100-continue");
        break;
      default:
        break;
    }
    head_.addField(viewOf(nameText), viewOf(value));
  }

  void on_header_impl(Error&) override { headDone_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text body, Error&) override { return take(body); }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error&) override { return take(body); }
  void on_finish_impl(Error&) override {}
  void on_response_impl(int, Text, int, Error&) override {}

  std::size_t take(Text body) noexcept {
    piece = base::bytesOf(viewOf(body));
    bodySeen += body.size();
    return body.size();
  }

  RequestHead& head_;
  int version_ = 11;
  int hosts_ = 0;
  bool headDone_ = false;
};

struct H1Parser::Slot {
  std::optional<Beast> parser;
};

H1Parser::H1Parser(std::size_t headLimit) : headLimit_(headLimit), slot_(std::make_unique<Slot>()) {}

H1Parser::~H1Parser() = default;

void H1Parser::begin(RequestHead& head) {
  slot_->parser.emplace(head);
  headSize_ = 0;
}

H1Parser::Step H1Parser::parse(base::ByteView input) {
  auto& parser = *slot_->parser;
  const bool inHead = !parser.is_header_done();
  Step step;
  parser.piece = {};
  beast::error_code ec;
  step.used = parser.put({input.data(), input.size()}, ec);
  step.body = parser.piece;
  const auto rest = input.size() - step.used;

  if (inHead) headSize_ += step.used;
  // Beast takes a head field by field where it arrives in pieces, so each piece is looked at.
  if (inHead && hasFoldedLine(base::textOf(input.first(step.used)))) {
    failure_ = "request with a folded line";
    step.refusal = 400;
    return step;
  }
  const bool headPending = inHead && !parser.is_header_done();
  if (ec == error::need_more) {
    step.needsMore = true;
    // Between the head and the end only the lines around chunks and trailers are kept back.
    if (headPending ? headSize_ + rest > headLimit_ : rest > headLimit_) {
      failure_ = "request head or chunk line is too long";
      step.refusal = headPending ? 431 : 400;
    }
    return step;
  }
  if (ec) {
    failure_ = ec.message();
    step.refusal = refusalOf(ec.value());
    return step;
  }
  if (!inHead) return step;
  if (headSize_ > headLimit_) {
    failure_ = "request head is too long";
    step.refusal = 431;
  } else if (parser.missesHost() || parser.unservable()) {
    failure_ = parser.missesHost() ? "request without exactly one Host" : "request target is not a path";
    step.refusal = 400;
  }
  return step;
}

int H1Parser::refusalOf(int beastError) const {
  switch (static_cast<error>(beastError)) {
    case error::header_limit:
      return 431;
    case error::bad_version:
      return 505;
    case error::bad_transfer_encoding:
      return slot_->parser->unknownCoding ? 501 : 400;
    default:
      return 400;
  }
}

bool H1Parser::headComplete() const {
  return slot_->parser->is_header_done();
}

bool H1Parser::complete() const {
  return slot_->parser->is_done();
}

std::optional<std::uint64_t> H1Parser::contentLength() const {
  const auto& parser = *slot_->parser;
  if (parser.chunked()) return std::nullopt;
  return parser.content_length().value_or(0);
}

std::optional<std::uint64_t> H1Parser::remaining() const {
  const auto& parser = *slot_->parser;
  if (parser.is_done()) return 0;
  const auto length = contentLength();
  if (!length) return std::nullopt;
  return *length - parser.bodySeen;
}

bool H1Parser::isVersion11() const {
  return slot_->parser->isVersion11();
}

bool H1Parser::keepAlive() const {
  return isVersion11() && slot_->parser->keep_alive();
}

bool H1Parser::expectsContinue() const {
  return slot_->parser->expectsContinue;
}

}  // namespace kes::http
