#include "policy/glob.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kes::policy {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Character {
  char32_t value;
  std::size_t size;
};

[[nodiscard]] bool isContinuation(unsigned char byte) noexcept {
  return (byte & 0xC0U) == 0x80U;
}

// The first character of `text`, which is not empty. Overlong forms, surrogates and values beyond U+10FFFF
// are ill-formed (RFC 3629 §3): one byte of U+FFFD.
[[nodiscard]] Character decodeCharacter(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80U) return {lead, 1};

  const std::size_t size = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < size) return {kReplacement, 1};
  char32_t value = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!isContinuation(byte(i))) return {kReplacement, 1};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {kReplacement, 1};
  return {value, size};
}

// Takes one end of a range off the inside of a class. Something must follow it: at least the closing bracket.
[[nodiscard]] std::optional<char32_t> takeBound(std::string_view& rest) noexcept {
  if (rest.empty() || rest.front() == '-' || rest.front() == ']') return std::nullopt;
  if (rest.front() == '\\') rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  const Character bound = decodeCharacter(rest);
  if (bound.value == kReplacement && bound.size == 1) return std::nullopt;
  rest.remove_prefix(bound.size);
  if (rest.empty()) return std::nullopt;
  return bound.value;
}

// Takes a class off `rest`, which starts behind its '[', and says whether `character` belongs to it; nothing
// when the class is malformed.
[[nodiscard]] std::optional<bool> takeClass(std::string_view& rest, char32_t character) noexcept {
  const bool negated = rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  bool found = false;
  bool first = true;
  while (first || !rest.starts_with(']')) {
    first = false;
    const auto low = takeBound(rest);
    if (!low) return std::nullopt;
    auto high = low;
    if (rest.front() == '-') {
      rest.remove_prefix(1);
      high = takeBound(rest);
      if (!high) return std::nullopt;
    }
    found = found || (*low <= character && character <= *high);
  }
  rest.remove_prefix(1);
  return found != negated;
}

// The part of a pattern up to its next '*', and whether one or more '*' stood before it.
struct Chunk {
  bool afterStar;
  std::string_view text;
};

[[nodiscard]] Chunk takeChunk(std::string_view& pattern) noexcept {
  Chunk chunk{pattern.starts_with('*'), {}};
  while (pattern.starts_with('*')) pattern.remove_prefix(1);
  bool inClass = false;
  std::size_t end = 0;
  for (; end < pattern.size() && (inClass || pattern[end] != '*'); ++end) {
    if (pattern[end] == '\\' && end + 1 < pattern.size()) {
      ++end;
    } else if (pattern[end] == '[') {
      inClass = true;
    } else if (pattern[end] == ']') {
      inClass = false;
    }
  }
  chunk.text = pattern.substr(0, end);
  pattern.remove_prefix(end);
  return chunk;
}

// Matches a chunk at the beginning of `path` and returns what is left of the path.
[[nodiscard]] std::optional<std::string_view> matchChunk(std::string_view chunk,
                                                         std::string_view path) noexcept {
  while (!chunk.empty()) {
    if (path.empty()) return std::nullopt;
    if (chunk.front() == '[') {
      const Character character = decodeCharacter(path);
      chunk.remove_prefix(1);
      if (!takeClass(chunk, character.value).value_or(false)) return std::nullopt;
      path.remove_prefix(character.size);
      continue;
    }
    if (chunk.front() == '?') {
      if (path.front() == '/') return std::nullopt;
      chunk.remove_prefix(1);
      path.remove_prefix(decodeCharacter(path).size);
      continue;
    }
    if (chunk.front() == '\\') chunk.remove_prefix(1);
    if (chunk.empty() || chunk.front() != path.front()) return std::nullopt;
    chunk.remove_prefix(1);
    path.remove_prefix(1);
  }
  return path;
}

// Finds the first place for `chunk` that the '*' before it, if there is one, can reach without crossing '/'.
// The last chunk must reach the end of the path.
[[nodiscard]] std::optional<std::string_view> placeChunk(Chunk chunk, std::string_view path,
                                                         bool last) noexcept {
  for (;;) {
    const auto rest = matchChunk(chunk.text, path);
    if (rest && (rest->empty() || !last)) return rest;
    if (!chunk.afterStar || path.empty() || path.front() == '/') return std::nullopt;
    path.remove_prefix(1);
  }
}

}  // namespace

bool isWellFormedGlob(std::string_view pattern) noexcept {
  while (!pattern.empty()) {
    const char element = pattern.front();
    pattern.remove_prefix(1);
    if (element == '[' && !takeClass(pattern, 0)) return false;
    if (element != '\\') continue;
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);
  }
  return true;
}

// Each chunk takes the first place it finds and never gives it back, as in Go; that is what keeps the time
// bounded.
bool matchesGlob(std::string_view pattern, std::string_view path) noexcept {
  while (!pattern.empty()) {
    const Chunk chunk = takeChunk(pattern);
    if (chunk.afterStar && chunk.text.empty()) return path.find('/') == std::string_view::npos;
    const auto rest = placeChunk(chunk, path, pattern.empty());
    if (!rest) return false;
    path = *rest;
  }
  return path.empty();
}

}  // namespace kes::policy
