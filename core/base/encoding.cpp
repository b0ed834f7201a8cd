#include "base/encoding.h"

#include <endian.h>

#include <array>
#include <cstring>

namespace kes::base {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::uint8_t kInvalid = 0xff;

constexpr auto kBase64Values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kInvalid);
  for (std::size_t i = 0; i < kBase64.size(); ++i) {
    values[static_cast<std::uint8_t>(kBase64[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::uint8_t base64Value(std::optional<char> c) noexcept {
  return c ? kBase64Values[static_cast<std::uint8_t>(*c)] : kInvalid;
}

std::uint8_t hexValue(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return kInvalid;
}

// The next character that is neither CR nor LF; nothing at the end.
std::optional<char> nextCharacter(std::string_view text, std::size_t& at) noexcept {
  while (at < text.size() && (text[at] == '\r' || text[at] == '\n')) ++at;
  if (at == text.size()) return std::nullopt;
  return text[at++];
}

// The length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629), or 0.
std::size_t utf8SequenceSize(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

// Eight characters at a time, through bare pointers: byte by byte, with the checked access of span and
// string_view, it was 4 % of a generate request.
void encodeBase64(ByteView bytes, char* out) noexcept {
  const char* const alphabet = kBase64.data();
  const std::uint8_t* in = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(std::uint64_t); left -= 6, in += 6, out += 8) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, in, sizeof bits);
    bits = be64toh(bits);
    out[0] = alphabet[bits >> 58];
    out[1] = alphabet[bits >> 52 & 63];
    out[2] = alphabet[bits >> 46 & 63];
    out[3] = alphabet[bits >> 40 & 63];
    out[4] = alphabet[bits >> 34 & 63];
    out[5] = alphabet[bits >> 28 & 63];
    out[6] = alphabet[bits >> 22 & 63];
    out[7] = alphabet[bits >> 16 & 63];
  }
  for (; left >= 3; left -= 3, in += 3, out += 4) {
    out[0] = alphabet[in[0] >> 2];
    out[1] = alphabet[(in[0] << 4 | in[1] >> 4) & 63];
    out[2] = alphabet[(in[1] << 2 | in[2] >> 6) & 63];
    out[3] = alphabet[in[2] & 63];
  }
  if (left == 0) return;
  const unsigned second = left == 2 ? in[1] : 0U;
  out[0] = alphabet[in[0] >> 2];
  out[1] = alphabet[(in[0] << 4 | second >> 4) & 63];
  out[2] = left == 2 ? alphabet[second << 2 & 63] : '=';
  out[3] = '=';
}

std::string encodeBase64(ByteView bytes) {
  std::string text(base64Size(bytes.size()), '\0');
  encodeBase64(bytes, text.data());
  return text;
}

std::optional<std::size_t> decodeBase64(std::string_view text, std::uint8_t* out) noexcept {
  const std::uint8_t* const values = kBase64Values.data();
  std::uint8_t* const start = out;
  std::size_t at = 0;
  // Whole groups without a break first; each reads four characters before it writes three bytes, so that
  // decoding in place is safe.
  while (at + 4 <= text.size()) {
    const auto* const group = reinterpret_cast<const std::uint8_t*>(text.data() + at);
    const std::uint8_t a = values[group[0]];
    const std::uint8_t b = values[group[1]];
    const std::uint8_t c = values[group[2]];
    const std::uint8_t d = values[group[3]];
    if ((a | b | c | d) >= 64) break;
    *out++ = static_cast<std::uint8_t>(a << 2 | b >> 4);
    *out++ = static_cast<std::uint8_t>(b << 4 | c >> 2);
    *out++ = static_cast<std::uint8_t>(c << 6 | d);
    at += 4;
  }
  for (;;) {
    const auto first = nextCharacter(text, at);
    if (!first) return static_cast<std::size_t>(out - start);
    const std::uint8_t a = base64Value(first);
    const std::uint8_t b = base64Value(nextCharacter(text, at));
    if (a == kInvalid || b == kInvalid) return std::nullopt;
    const auto third = nextCharacter(text, at);
    const auto fourth = nextCharacter(text, at);
    const std::uint8_t c = base64Value(third);
    const std::uint8_t d = base64Value(fourth);
    if (fourth == '=') {
      if (third != '=' && c == kInvalid) return std::nullopt;
      *out++ = static_cast<std::uint8_t>(a << 2 | b >> 4);
      if (third != '=') *out++ = static_cast<std::uint8_t>(b << 4 | c >> 2);
      if (nextCharacter(text, at)) return std::nullopt;
      return static_cast<std::size_t>(out - start);
    }
    if (c == kInvalid || d == kInvalid) return std::nullopt;
    *out++ = static_cast<std::uint8_t>(a << 2 | b >> 4);
    *out++ = static_cast<std::uint8_t>(b << 4 | c >> 2);
    *out++ = static_cast<std::uint8_t>(c << 6 | d);
  }
}

std::optional<Bytes> decodeBase64(std::string_view text) {
  Bytes bytes(base64DecodedBound(text.size()));
  const auto size = decodeBase64(text, bytes.data());
  if (!size) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

void encodeHex(ByteView bytes, char* out) noexcept {
  for (const std::uint8_t byte : bytes) {
    *out++ = kHex[byte >> 4];
    *out++ = kHex[byte & 15];
  }
}

std::string encodeHex(ByteView bytes) {
  std::string text(bytes.size() * 2, '\0');
  encodeHex(bytes, text.data());
  return text;
}

std::optional<Bytes> decodeHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = hexValue(text[i]);
    const std::uint8_t low = hexValue(text[i + 1]);
    if (high == kInvalid || low == kInvalid) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return bytes;
}

std::string toValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = utf8SequenceSize(text);
    if (size == 0) {
      valid += "\xef\xbf\xbd";
    } else {
      valid += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return valid;
}

std::size_t controlSize(std::string_view text) noexcept {
  const auto byteAt = [&](std::size_t at) -> unsigned {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0xff;
  };
  if (byteAt(0) < 0x20 || byteAt(0) == 0x7f) return 1;
  return byteAt(0) == 0xc2 && byteAt(1) >= 0x80 && byteAt(1) <= 0x9f ? 2 : 0;
}

void appendJsonEscaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t control = controlSize(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (control != 0) {
      const auto code = static_cast<std::uint8_t>(text[control - 1]);  // the second byte of C1 is its code
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += c;
    }
    text.remove_prefix(std::max(control, std::size_t{1}));
  }
}

}  // namespace kes::base
