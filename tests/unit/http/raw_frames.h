#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kes::http::test {

// HTTP/2 by hand (RFC 9113 §4.1): what no well-behaved client library sends.
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

[[nodiscard]] inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                                       const std::string& payload) {
  std::string out;
  for (const int shift : {16, 8, 0}) out += static_cast<char>(payload.size() >> shift);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(stream >> shift);
  return out + payload;
}

// The preface and empty SETTINGS.
[[nodiscard]] inline std::string greeting() {
  return kPreface + frame(NGHTTP2_SETTINGS, 0, 0, "");
}

// The header of a request in HPACK, without a dynamic table (RFC 7541 §6.2.2).
[[nodiscard]] inline std::string requestFields(std::string_view method, std::string_view path) {
  const auto field = [](char name, std::string_view value) {
    return std::string(1, name) + static_cast<char>(value.size()) + std::string(value);
  };
  return field('\x02', method) + '\x87' + field('\x04', path) + field('\x01', "h");
}

[[nodiscard]] inline std::string request(std::uint32_t stream, std::string_view path) {
  return frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_END_HEADERS, stream,
               requestFields("GET", path));
}

// The error code of the GOAWAY among the frames that a server sent.
[[nodiscard]] inline std::optional<std::uint32_t> goawayCode(std::string_view frames) {
  const auto number = [&](std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value << 8 | static_cast<std::uint8_t>(frames[i]);
    return value;
  };
  while (frames.size() >= 9) {
    const std::size_t size = number(0, 3);
    if (frames[3] == NGHTTP2_GOAWAY && frames.size() >= 17) return number(13, 4);
    frames.remove_prefix(std::min(frames.size(), 9 + size));
  }
  return std::nullopt;
}

}  // namespace kes::http::test
