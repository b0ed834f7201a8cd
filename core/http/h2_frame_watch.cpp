#include "http/h2_frame_watch.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace kes::http {
namespace {

// A client need not end a stream that the server has reset, so what it leaves open adds up.
constexpr std::size_t kMostOpen = 512;
constexpr std::size_t kPriorityLength = 5;

std::int32_t streamAt(const std::uint8_t* bytes) noexcept {
  return ((bytes[0] & 0x7F) << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3];
}

}  // namespace

H2FrameWatch::Verdict H2FrameWatch::follow(base::ByteView input) {
  std::size_t at = 0;
  std::size_t frame = 0;
  while (at < input.size()) {
    if (skip_ > 0) {
      const auto step = std::min(skip_, input.size() - at);
      skip_ -= step;
      at += step;
      continue;
    }
    if (have_ == 0) frame = at;
    const auto wanted = have_ >= kHead && isPriority() ? kHead + kDependency : kHead;
    const auto step = std::min(wanted - have_, input.size() - at);
    std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(at), step, head_.begin() + have_);
    have_ += step;
    at += step;
    if (have_ < kHead || (isPriority() && have_ < kHead + kDependency)) continue;
    if (const auto error = judge(); error != NGHTTP2_NO_ERROR) return {frame, error};
    skip_ = length() - (have_ - kHead);
    have_ = 0;
  }
  return {input.size(), NGHTTP2_NO_ERROR};
}

std::size_t H2FrameWatch::length() const noexcept {
  return (std::size_t(head_[0]) << 16U) | (std::size_t(head_[1]) << 8U) | head_[2];
}

// One of another length is nghttp2's to refuse.
bool H2FrameWatch::isPriority() const noexcept {
  return head_[3] == NGHTTP2_PRIORITY && length() == kPriorityLength;
}

std::uint32_t H2FrameWatch::judge() {
  const auto stream = streamAt(head_.data() + 5);
  const bool ends = (head_[4] & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (head_[3]) {
    case NGHTTP2_HEADERS:
      if (stream <= newest_) return sentOn(stream, ends);
      newest_ = stream;
      if (!ends) open(stream);
      return NGHTTP2_NO_ERROR;
    case NGHTTP2_DATA:
      if (stream > newest_) return NGHTTP2_NO_ERROR;
      return sentOn(stream, ends);
    case NGHTTP2_RST_STREAM:
      static_cast<void>(sentOn(stream, true));  // one more for a stream that is gone does no harm
      return NGHTTP2_NO_ERROR;
    case NGHTTP2_PRIORITY: {
      const bool onItself = isPriority() && streamAt(head_.data() + kHead) == stream;
      return stream == 0 || onItself ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_NO_ERROR;
    }
    default:
      return NGHTTP2_NO_ERROR;
  }
}

// Streams of the server and the connection itself are nghttp2's.
std::uint32_t H2FrameWatch::sentOn(std::int32_t stream, bool ends) {
  if (stream % 2 == 0 || stream <= forgotten_) return NGHTTP2_NO_ERROR;
  const auto place = std::ranges::lower_bound(open_, stream);
  if (place == open_.end() || *place != stream) return NGHTTP2_STREAM_CLOSED;
  if (ends) open_.erase(place);
  return NGHTTP2_NO_ERROR;
}

void H2FrameWatch::open(std::int32_t stream) {
  if (open_.size() == kMostOpen) {
    forgotten_ = open_.front();
    open_.erase(open_.begin());
  }
  open_.push_back(stream);
}

}  // namespace kes::http
