// Ciphertexts of every era (crypto/ciphertext.h), and what a key makes of them (crypto/key.h).
#include "crypto/ciphertext.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/encoding.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

using crypto::Algorithm;

std::string textOf(base::ByteView bytes) {
  return std::string(base::textOf(bytes));
}

bool within(base::ByteView part, base::ByteView whole) {
  const auto offset = static_cast<std::size_t>(part.data() - whole.data());
  return offset <= whole.size() && part.size() <= whole.size() - offset;
}

void checkParts(base::ByteView text) {
  base::Bytes scratch(text.size());
  const auto parsed = crypto::parseCiphertext(text, scratch);
  require(parsed.has_value() == (text.size() >= crypto::kCiphertextOverhead),
          "all that is long enough parses");
  if (!parsed) return;
  require(parsed->sealed.size() >= crypto::kTagSize, "there is a tag");
  const bool front = parsed->sealed.data() == scratch.data() && parsed->sealed.size() <= scratch.size();
  require(front || within(parsed->sealed, text), "the sealed bytes lie where they should");
  if (parsed->marker) return;
  const std::string raw = textOf(parsed->sealed) + textOf(parsed->iv) + textOf(parsed->nonce);
  require(raw == base::textOf(text), "a raw ciphertext is its parts");
}

void requireParts(std::string_view text, base::ByteView sealed, base::ByteView rest, Algorithm marker) {
  base::Bytes scratch(text.size());
  const auto parsed = crypto::parseCiphertext(base::bytesOf(text), scratch);
  require(parsed && parsed->marker == marker, "the form is recognized");
  require(std::ranges::equal(parsed->sealed, sealed) &&
              std::ranges::equal(parsed->iv, rest.first(crypto::kIvSize)) &&
              std::ranges::equal(parsed->nonce, rest.subspan(crypto::kIvSize)),
          "every form gives the parts back");
}

// A MessagePack head for `size` bytes, in one of the sizes it may have (docs/protocol/ciphertext.md).
std::string head(std::uint8_t smallest, unsigned width, std::size_t size) {
  std::string out(1, static_cast<char>(smallest + width));
  for (unsigned left = 1U << width; left > 0; --left)
    out += static_cast<char>(size >> (8 * (left - 1)) & 0xff);
  return out;
}

// The raw ciphertext, written as earlier releases would have.
void checkOldForms(base::ByteView raw) {
  const auto rest = raw.last(crypto::kIvSize + crypto::kNonceSize);
  const auto sealed = raw.first(raw.size() - rest.size());
  const auto iv = rest.first(crypto::kIvSize);
  const auto nonce = rest.subspan(crypto::kIvSize);

  const unsigned width = sealed.size() > 0xffff ? 2 : sealed.size() > 0xff ? 1 : raw.front() % 3;
  requireParts("\x95" + head(0xd9, raw.front() % 3, 17) + "AES256-GCM_SHA256" + "\xa3key" +
                   head(0xc4, raw.back() % 3, iv.size()) + textOf(iv) + head(0xc4, 0, nonce.size()) +
                   textOf(nonce) + head(0xc4, width, sealed.size()) + textOf(sealed),
               sealed, rest, Algorithm::aes256);
  requireParts(R"({"aead":"ChaCha20Poly1305","iv":")" + base::encodeBase64(iv) + R"(","bytes":")" +
                   base::encodeBase64(sealed) + R"(","NONCE":")" + base::encodeBase64(nonce) + "\"}",
               sealed, rest, Algorithm::chacha20);
}

void checkKey(const crypto::Key& key, base::ByteView input) {
  base::Bytes plaintext(input.size());
  if (const auto size = key.open(input, {}, plaintext)) {
    require(*size + crypto::kCiphertextOverhead <= input.size(),
            "a plaintext is shorter than its ciphertext");
  }

  base::Bytes sealed(input.size() + crypto::kCiphertextOverhead);
  require(key.seal(input, input, sealed), "everything can be sealed");
  base::Bytes opened(sealed.size());
  require(key.open(sealed, input, opened) == input.size(), "and opened");
  require(std::equal(input.begin(), input.end(), opened.begin()), "to what it was");

  // The key's own forms begin with random bytes; flip one that the input chooses.
  const std::size_t at = (input.empty() ? 0 : input.front() * input.size() / 256) % sealed.size();
  sealed[at] ^= 1;
  require(!key.open(sealed, input, opened), "unless a bit of it is another");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kes;
  const base::ByteView input(data, size);
  fuzz::checkParts(input);
  if (size >= crypto::kCiphertextOverhead) fuzz::checkOldForms(input);

  // The zero key of the test vectors, so that the seeds open.
  static const std::array keys = {crypto::makeSoftwareKey(crypto::importKey(
                                      crypto::Algorithm::aes256, base::Secret(crypto::kKeySize), "")),
                                  crypto::makeSoftwareKey(crypto::importKey(
                                      crypto::Algorithm::chacha20, base::Secret(crypto::kKeySize), ""))};
  for (const auto& key : keys) fuzz::checkKey(*key, input);
  return 0;
}
