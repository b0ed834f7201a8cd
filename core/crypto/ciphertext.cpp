#include "crypto/ciphertext.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/json_reader.h"

namespace kes::crypto {
namespace {

constexpr std::uint8_t kMessagePackArrayOf5 = 0x95;

// Fails on IVs and nonces of another size.
std::optional<Ciphertext> assemble(base::ByteView sealed, base::ByteView iv, base::ByteView nonce,
                                   std::optional<Algorithm> marker) noexcept {
  if (sealed.size() < kTagSize || iv.size() != kIvSize || nonce.size() != kNonceSize) return {};
  Ciphertext ciphertext{.sealed = sealed, .iv = {}, .nonce = {}, .marker = marker};
  std::ranges::copy(iv, ciphertext.iv.begin());
  std::ranges::copy(nonce, ciphertext.nonce.begin());
  return ciphertext;
}

std::optional<Ciphertext> parseRaw(base::ByteView text) noexcept {
  if (text.size() < kCiphertextOverhead) return {};
  const base::ByteView tail = text.last(kIvSize + kNonceSize);
  return assemble(text.first(text.size() - tail.size()), tail.first(kIvSize), tail.last(kNonceSize), {});
}

// Takes strings and byte strings off the front of a MessagePack text
// (https://github.com/msgpack/msgpack/blob/master/spec.md, "Formats").
class MessagePackReader {
 public:
  explicit MessagePackReader(base::ByteView text) noexcept : rest_(text) {}

  std::optional<std::string_view> takeString() noexcept {
    const std::uint8_t head = takeHead();
    const auto bytes = (head & 0xE0U) == 0xA0 ? take(head & 0x1FU) : takeSized(head, 0xD9);
    if (!bytes) return {};
    return base::textOf(*bytes);
  }
  std::optional<base::ByteView> takeBinary() noexcept { return takeSized(takeHead(), 0xC4); }
  [[nodiscard]] bool atEnd() const noexcept { return rest_.empty(); }

 private:
  // 0xC1 is never used, so that it stands for the end of the text.
  std::uint8_t takeHead() noexcept {
    const auto head = take(1);
    return head ? head->front() : 0xC1;
  }

  // A value whose size follows its head in 1, 2 or 4 bytes: `smallest` is the head of the first.
  std::optional<base::ByteView> takeSized(std::uint8_t head, std::uint8_t smallest) noexcept {
    if (head < smallest || head > smallest + 2) return {};
    const auto digits = take(std::size_t{1} << (head - smallest));
    if (!digits) return {};
    std::size_t size = 0;
    for (const std::uint8_t digit : *digits) size = size << 8 | digit;
    return take(size);
  }

  std::optional<base::ByteView> take(std::size_t size) noexcept {
    if (size > rest_.size()) return {};
    const base::ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  base::ByteView rest_;
};

std::optional<Ciphertext> parseMessagePack(base::ByteView text) noexcept {
  MessagePackReader reader(text.subspan(1));
  const auto algorithm = reader.takeString();
  const auto keyId = reader.takeString();
  const auto iv = reader.takeBinary();
  const auto nonce = reader.takeBinary();
  const auto sealed = reader.takeBinary();
  if (!algorithm || !keyId || !iv || !nonce || !sealed || !reader.atEnd()) return {};
  const auto marker = parseAlgorithm(*algorithm);
  if (!marker) return {};
  return assemble(*sealed, *iv, *nonce, marker);
}

std::optional<Algorithm> parseJsonMarker(std::string_view aead) noexcept {
  if (aead == "AES-256-GCM-HMAC-SHA-256") return Algorithm::aes256;
  if (aead == "ChaCha20Poly1305") return Algorithm::chacha20;
  return {};
}

std::optional<Ciphertext> parseJson(base::ByteView text, base::ByteSpan scratch) noexcept {
  std::ranges::copy(text, scratch.begin());
  std::string_view aead;
  std::string_view id;
  base::ByteSpan iv;
  base::ByteSpan nonce;
  base::ByteSpan sealed;
  base::JsonReader json(scratch.first(text.size()));
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("aead")) {
      json.readText(aead);
    } else if (json.nameIs("id")) {
      json.readText(id);
    } else if (json.nameIs("iv")) {
      json.readBytes(iv);
    } else if (json.nameIs("nonce")) {
      json.readBytes(nonce);
    } else if (json.nameIs("bytes")) {
      json.readBytes(sealed);
    }
  }
  if (!json.doneAtEnd()) return {};
  const auto marker = parseJsonMarker(aead);
  if (!marker) return {};
  auto ciphertext = assemble(sealed, iv, nonce, marker);
  if (!ciphertext) return {};
  std::memmove(scratch.data(), sealed.data(), sealed.size());
  ciphertext->sealed = scratch.first(sealed.size());
  return ciphertext;
}

}  // namespace

std::optional<Ciphertext> parseCiphertext(base::ByteView text, base::ByteSpan scratch) noexcept {
  if (text.empty()) return {};
  std::optional<Ciphertext> structured;
  if (text.front() == kMessagePackArrayOf5) structured = parseMessagePack(text);
  if (text.front() == '{') structured = parseJson(text, scratch);
  return structured ? structured : parseRaw(text);
}

}  // namespace kes::crypto
