// Base64 and hex (base/encoding.h).
#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string withoutLineBreaks(std::string_view text) {
  std::string stripped(text);
  std::erase_if(stripped, [](char c) { return c == '\r' || c == '\n'; });
  return stripped;
}

// RFC 4648 §4 word for word; `text` has no line breaks.
bool isBase64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const auto padding = text.size() - std::min(text.find('='), text.size());
  if (padding > 2) return false;
  return text.find_first_not_of(kAlphabet) >= text.size() - padding &&
         text.substr(text.size() - padding) == std::string(padding, '=');
}

void decode(std::string_view text) {
  const auto bytes = base::decodeBase64(text);
  const std::string stripped = withoutLineBreaks(text);
  require(bytes.has_value() == isBase64(stripped), "base64 and nothing else is decoded");

  // As JSON bodies are.
  std::string inPlace(text);
  const auto size = base::decodeBase64(inPlace, reinterpret_cast<std::uint8_t*>(inPlace.data()));
  require(size.has_value() == bytes.has_value(), "decoding in place gives the same answer");
  if (!bytes) return;
  require(*size == bytes->size() && *size <= base::base64DecodedBound(text.size()),
          "the size is in its bound");
  require(std::ranges::equal(base::bytesOf(inPlace).first(*size), *bytes),
          "decoding in place gives the same");

  // Only the bits that the last group does not use may differ.
  const std::string again = base::encodeBase64(*bytes);
  require(again.size() == stripped.size(), "encoded again it is as long");
  const auto certain = stripped.size() - std::min<std::size_t>(stripped.size(), 4);
  require(again.substr(0, certain) == stripped.substr(0, certain), "encoded again it is the same");
  require(base::decodeBase64(again) == bytes, "and decodes to the same");
}

void roundTrip(base::ByteView bytes) {
  std::string text = base::encodeBase64(bytes);
  require(text.size() == base::base64Size(bytes.size()), "the encoded size is as announced");
  for (std::size_t at = 0; at < text.size(); at += 5) text.insert(at, at % 2 == 0 ? "\r\n" : "\n");
  const auto decoded = base::decodeBase64(text);
  require(decoded && std::ranges::equal(*decoded, bytes), "what was encoded decodes, line breaks or not");

  const auto unhexed = base::decodeHex(base::encodeHex(bytes));
  require(unhexed && std::ranges::equal(*unhexed, bytes), "the same in hex");
  if (const auto hex = base::decodeHex(base::textOf(bytes))) {
    const std::string again = base::encodeHex(*hex);
    require(again.size() == bytes.size() && base::decodeHex(again) == hex, "hex decodes and encodes again");
  }
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::decode(kes::base::textOf({data, size}));
  kes::fuzz::roundTrip({data, size});
  return 0;
}
