#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace kes::base {

// RFC 4648 §4, standard alphabet with padding.
[[nodiscard]] constexpr std::size_t base64Size(std::size_t size) noexcept {
  return (size + 2) / 3 * 4;
}
// Writes base64Size(bytes.size()) characters to `out`.
void encodeBase64(ByteView bytes, char* out) noexcept;
[[nodiscard]] std::string encodeBase64(ByteView bytes);

// Strict decoding as Go's encoding/base64 does it: padding required, CR and LF skipped anywhere, every other
// character outside the alphabet refused. `out` must hold base64DecodedBound(text.size()) bytes; it may be
// the memory of `text`. Returns the number of bytes written, or nothing for malformed input.
[[nodiscard]] constexpr std::size_t base64DecodedBound(std::size_t size) noexcept {
  return size / 4 * 3 + 3;
}
[[nodiscard]] std::optional<std::size_t> decodeBase64(std::string_view text, std::uint8_t* out) noexcept;
[[nodiscard]] std::optional<Bytes> decodeBase64(std::string_view text);

// Lower-case hex.
void encodeHex(ByteView bytes, char* out) noexcept;
[[nodiscard]] std::string encodeHex(ByteView bytes);
[[nodiscard]] std::optional<Bytes> decodeHex(std::string_view text);

// `text` with each ill-formed UTF-8 sequence replaced by U+FFFD, one per byte, as Go prints it.
[[nodiscard]] std::string toValidUtf8(std::string_view text);

// The size in bytes of the control character that `text` begins with, in valid UTF-8: C0, DEL, or C1 (U+0080
// to U+009F, which terminals obey as well). 0 if it begins with none.
[[nodiscard]] std::size_t controlSize(std::string_view text) noexcept;

// Appends `text` as the inside of a JSON string (no quotes), escaping what RFC 8259 §7 requires, DEL and C1,
// so that it is safe to show.
void appendJsonEscaped(std::string& out, std::string_view text);

}  // namespace kes::base
