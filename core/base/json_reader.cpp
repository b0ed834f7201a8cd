#include "base/json_reader.h"

#include <charconv>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/encoding.h"

namespace kes::base {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Escape {
  char32_t character;
  std::size_t size;  // bytes of text it takes
};

bool isSpace(std::uint8_t c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool isDigit(std::uint8_t c) noexcept {
  return c >= '0' && c <= '9';
}

int hexValue(std::uint8_t c) noexcept {
  if (isDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The UTF-16 unit of the \uXXXX at the front of `text`, or -1.
std::int32_t utf16Unit(ByteView text) noexcept {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  std::int32_t unit = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const int digit = hexValue(text[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

// The \uXXXX at the front of `text`, or the pair of them that makes a character (RFC 8259 §7).
Escape unicodeEscape(ByteView text) noexcept {
  const std::int32_t high = utf16Unit(text);
  if (high < 0) return {0, 0};
  if (high < 0xD800 || high > 0xDFFF) return {static_cast<char32_t>(high), 6};
  const std::int32_t low = utf16Unit(text.subspan(6));
  if (high > 0xDBFF || low < 0xDC00 || low > 0xDFFF) return {kReplacement, 6};
  return {static_cast<char32_t>(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), 12};
}

// The escape at the front of `text`; of size 0 when it is malformed.
Escape decodeEscape(ByteView text) noexcept {
  if (text.size() < 2) return {0, 0};
  switch (text[1]) {
    case '"':
    case '\\':
    case '/':
      return {text[1], 2};
    case 'b':
      return {'\b', 2};
    case 'f':
      return {'\f', 2};
    case 'n':
      return {'\n', 2};
    case 'r':
      return {'\r', 2};
    case 't':
      return {'\t', 2};
    case 'u':
      return unicodeEscape(text);
    default:
      return {0, 0};
  }
}

std::uint8_t* appendUtf8(char32_t c, std::uint8_t* out) noexcept {
  const auto tail = [c](int shift) { return static_cast<std::uint8_t>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) {
    *out++ = static_cast<std::uint8_t>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<std::uint8_t>(0xC0 | (c >> 6));
    *out++ = tail(0);
  } else if (c < 0x10000) {
    *out++ = static_cast<std::uint8_t>(0xE0 | (c >> 12));
    *out++ = tail(6);
    *out++ = tail(0);
  } else {
    *out++ = static_cast<std::uint8_t>(0xF0 | (c >> 18));
    *out++ = tail(12);
    *out++ = tail(6);
    *out++ = tail(0);
  }
  return out;
}

// Decodes the escapes of a checked string in place: no escape is shorter than the UTF-8 it stands for.
ByteSpan unescape(ByteSpan text) noexcept {
  if (text.empty()) return text;
  auto* read = static_cast<std::uint8_t*>(std::memchr(text.data(), '\\', text.size()));
  if (read == nullptr) return text;
  auto* write = read;
  const auto* const end = text.data() + text.size();
  while (read != end) {
    if (*read != '\\') {
      *write++ = *read++;
      continue;
    }
    const Escape escape = decodeEscape({read, end});
    read += escape.size;
    write = appendUtf8(escape.character, write);
  }
  return {text.data(), write};
}

// Takes the first character off a checked string and folds its case. Beyond ASCII only the two characters
// that fold to an ASCII letter are told apart (Unicode CaseFolding.txt): U+017F and U+212A.
char32_t takeFolded(ByteView& text) noexcept {
  const auto take = [&text](char32_t c, std::size_t size) {
    text = text.subspan(size);
    return c;
  };
  const auto fold = [](char32_t c) -> char32_t {
    if (c >= 'A' && c <= 'Z') return c - 'A' + 'a';
    if (c == 0x17F) return 's';
    if (c == 0x212A) return 'k';
    return c;
  };
  if (text[0] == '\\') {
    const Escape escape = decodeEscape(text);
    return take(fold(escape.character), escape.size);
  }
  const std::string_view rest = textOf(text);
  if (rest.starts_with("\xC5\xBF")) return take('s', 2);
  if (rest.starts_with("\xE2\x84\xAA")) return take('k', 3);
  return take(text[0] < 0x80 ? fold(text[0]) : kReplacement, 1);
}

}  // namespace

bool JsonReader::nextMember() noexcept {
  if (!advance('}')) return false;
  skipSpace();
  name_ = scanString();
  skipSpace();
  if (!consume(':')) fail();
  pending_ = !failed_;
  return pending_;
}

bool JsonReader::nextElement() noexcept {
  pending_ = advance(']');
  return pending_;
}

bool JsonReader::nameIs(std::string_view name) const noexcept {
  if (textOf(name_) == name) return true;
  ByteView rest = name_;
  for (const char c : name) {
    if (rest.empty() || takeFolded(rest) != static_cast<char32_t>(c)) return false;
  }
  return rest.empty();
}

std::string JsonReader::name() const {
  Bytes copy(name_.begin(), name_.end());
  return toValidUtf8(textOf(unescape(copy)));
}

void JsonReader::readBytes(ByteSpan& out) noexcept {
  if (!startValue()) return;
  if (consumeLiteral("null")) {
    out = {};
    return;
  }
  if (*cursor_ == '[') return readByteArray(out);
  const ByteSpan text = unescape(scanString());
  if (failed_) return;
  const auto size = decodeBase64(textOf(text), text.data());
  if (!size) return fail();
  out = text.first(*size);
}

void JsonReader::readString(std::string& out) {
  std::string_view text = out;
  readText(text);
  // The same view again: the value was null, or there is none.
  if (text.data() != out.data()) out = toValidUtf8(text);
}

void JsonReader::readText(std::string_view& out) noexcept {
  if (!startValue() || consumeLiteral("null")) return;
  const ByteSpan text = unescape(scanString());
  if (!failed_) out = textOf(text);
}

void JsonReader::readInteger(std::int64_t& out) noexcept {
  if (!startValue() || consumeLiteral("null")) return;
  const std::string_view text = scanNumber();
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) return fail();
  out = value;
}

void JsonReader::readBool(bool& out) noexcept {
  if (!startValue() || consumeLiteral("null")) return;
  const bool value = consumeLiteral("true");
  if (!value && !consumeLiteral("false")) return fail();
  out = value;
}

bool JsonReader::done() noexcept {
  if (pending_) skipValue();
  return !failed_ && depth_ == 0;
}

bool JsonReader::doneAtEnd() noexcept {
  if (!done()) return false;
  skipSpace();
  return cursor_ == end_;
}

void JsonReader::begin(char open) noexcept {
  if (!startValue()) return;
  if (consumeLiteral("null")) {
    nullEntered_ = true;
    return;
  }
  if (!consume(open)) return fail();
  if (depth_ == maxDepth_) {
    tooDeep_ = true;
    return fail();
  }
  ++depth_;
  first_ = true;
}

// To the next member or element of the container entered last: past the value not read and the comma.
bool JsonReader::advance(char close) noexcept {
  if (nullEntered_) {
    nullEntered_ = false;
    return false;
  }
  if (pending_) skipValue();
  skipSpace();
  const bool first = std::exchange(first_, false);
  if (consume(close)) {
    --depth_;
    return false;
  }
  if (!first && !consume(',')) fail();
  return !failed_;
}

bool JsonReader::startValue() noexcept {
  skipSpace();
  if (!pending_ || cursor_ == end_) fail();
  pending_ = false;
  return !failed_;
}

bool JsonReader::startsWith(char c) noexcept {
  if (failed_ || !pending_) return false;
  skipSpace();
  return cursor_ != end_ && *cursor_ == static_cast<std::uint8_t>(c);
}

void JsonReader::skipValue() noexcept {
  skipSpace();
  const char c = cursor_ == end_ ? '\0' : static_cast<char>(*cursor_);
  if (c == '{') {
    beginObject();
    while (nextMember()) {
    }
    return;
  }
  if (c == '[') {
    beginArray();
    while (nextElement()) {
    }
    return;
  }
  pending_ = false;
  if (c == '"') {
    std::ignore = scanString();
    return;
  }
  if (consumeLiteral("true") || consumeLiteral("false") || consumeLiteral("null")) return;
  std::ignore = scanNumber();
}

// Written over the text: every element takes at least one digit and one sign after it.
void JsonReader::readByteArray(ByteSpan& out) noexcept {
  auto* const first = cursor_;
  auto* write = first;
  pending_ = true;
  beginArray();
  while (nextElement()) {
    std::int64_t value = 0;
    readInteger(value);
    if (value < 0 || value > 255) fail();
    *write++ = static_cast<std::uint8_t>(value);
  }
  if (!failed_) out = {first, write};
}

void JsonReader::skipSpace() noexcept {
  while (cursor_ != end_ && isSpace(*cursor_)) ++cursor_;
}

bool JsonReader::consume(char c) noexcept {
  if (cursor_ == end_ || *cursor_ != static_cast<std::uint8_t>(c)) return false;
  ++cursor_;
  return true;
}

bool JsonReader::consumeLiteral(std::string_view literal) noexcept {
  if (!textOf({cursor_, end_}).starts_with(literal)) return false;
  cursor_ += literal.size();
  return true;
}

ByteSpan JsonReader::scanString() noexcept {
  if (!consume('"')) {
    fail();
    return {};
  }
  auto* const first = cursor_;
  while (cursor_ != end_ && *cursor_ >= 0x20) {
    if (*cursor_ == '"') return {first, cursor_++};
    const std::size_t size = *cursor_ == '\\' ? decodeEscape({cursor_, end_}).size : 1;
    if (size == 0) break;
    cursor_ += size;
  }
  fail();
  return {};
}

std::string_view JsonReader::scanNumber() noexcept {
  const auto* const first = cursor_;
  const auto digits = [this] {
    const auto* const from = cursor_;
    while (cursor_ != end_ && isDigit(*cursor_)) ++cursor_;
    return cursor_ != from;
  };
  std::ignore = consume('-');
  bool good = consume('0') || digits();
  if (good && consume('.')) good = digits();
  if (good && (consume('e') || consume('E'))) {
    if (!consume('+')) std::ignore = consume('-');
    good = digits();
  }
  if (!good) {
    fail();
    return {};
  }
  return textOf({first, cursor_});
}

void JsonReader::fail() noexcept {
  failed_ = true;
  pending_ = false;
  nullEntered_ = false;
  cursor_ = end_;
}

}  // namespace kes::base
