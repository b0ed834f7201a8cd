// HTTP/2 as a client sends it, through a session (http/h2_session.h). The input is what comes over the
// connection behind the client's preface, and one byte that says how it is fed.
#include <algorithm>
#include <map>
#include <string>

#include "http/h2_session.h"
#include "session_driver.h"

namespace kes::fuzz {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHead = 9;

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

// Walks the frames of the server (RFC 9113 §6).
void checkFrames(std::string_view output) {
  std::map<std::uint32_t, bool> ended;
  std::uint32_t continues = 0;  // the stream whose head is not complete
  bool first = true;
  while (!output.empty()) {
    require(output.size() >= kFrameHead, "frames are whole");
    const auto size = number(output.substr(0, 3));
    const auto type = number(output.substr(3, 1));
    const auto flags = number(output.substr(4, 1));
    const auto stream = number(output.substr(5, 4));
    require(output.size() >= kFrameHead + size, "and as long as they say");
    require(size <= 16'384, "none is longer than a client must take");
    require(!first || type == NGHTTP2_SETTINGS, "the first are the settings");
    require(type <= NGHTTP2_CONTINUATION && type != NGHTTP2_PUSH_PROMISE && type != NGHTTP2_PRIORITY,
            "a server that pushes nothing sends it");
    require((continues != 0) == (type == NGHTTP2_CONTINUATION) && (continues == 0 || continues == stream),
            "nothing comes between the frames of a head");
    if (type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION) {
      continues = (flags & NGHTTP2_FLAG_END_HEADERS) == 0 ? stream : 0;
    }
    if (type == NGHTTP2_HEADERS || type == NGHTTP2_DATA) {
      require(stream % 2 == 1, "only the client opens streams");
      require(!ended[stream], "nothing follows the end of a stream");
      ended[stream] = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
    }
    output.remove_prefix(kFrameHead + size);
    first = false;
  }
  require(continues == 0, "every head is complete");
}

bool hasFrame(std::string_view frames, std::uint32_t type) {
  while (frames.size() >= kFrameHead) {
    if (number(frames.substr(3, 1)) == type) return true;
    frames.remove_prefix(std::min<std::size_t>(kFrameHead + number(frames.substr(0, 3)), frames.size()));
  }
  return false;
}

void check(base::ByteView frames, Feeding feeding) {
  base::Bytes input(kPreface.begin(), kPreface.end());
  input.insert(input.end(), frames.begin(), frames.end());
  StillLoop still(limitsFor(feeding));
  if (feeding.lively) return checkFrames(live<http::H2Session>(still, input, feeding));
  const auto whole = speak<http::H2Session>(still, input, feeding, false);
  checkFrames(whole.output);
  // Of what a client sends behind its GOAWAY, nghttp2 still takes what came along with it.
  if (hasFrame(base::textOf(frames), NGHTTP2_GOAWAY)) return;
  const auto pieces = speak<http::H2Session>(still, input, feeding, true);
  requireSame(whole, pieces);
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  kes::fuzz::check({data, size - 1}, kes::fuzz::Feeding(data[size - 1]));
  return 0;
}
