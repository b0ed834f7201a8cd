#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kes::api {

// Request bodies, decoded by Go's rules (docs/protocol/http.md, "Request bodies"). The decoders are pure and
// work in place: they overwrite the body, and what they return points into it. Nothing stands for a malformed
// body.

struct BulkItem {
  base::ByteView ciphertext;
  base::ByteView context;
};

// The most items of a bulk decryption.
inline constexpr std::size_t kMaxBulkItems = 1000;

// generate: {"context"}; encrypt: {"plaintext","context"}; decrypt: {"ciphertext","context"}; hmac:
// {"message"}. `member` names the input; generate has none and passes "".
struct CryptoBody {
  base::ByteView input;
  base::ByteView context;
};
[[nodiscard]] std::optional<CryptoBody> decodeCrypto(base::ByteSpan body, std::string_view member);

// {"key","cipher"}, or "bytes" and "algorithm" as earlier releases have it.
struct ImportBody {
  base::ByteView key;
  std::string cipher;
};
[[nodiscard]] std::optional<ImportBody> decodeImport(base::ByteSpan body);

// [{"ciphertext","context"} …]. More than kMaxBulkItems are decoded up to one beyond, so that the caller can
// tell.
[[nodiscard]] std::optional<std::vector<BulkItem>> decodeBulk(base::ByteSpan body);

// `text` as the inside of an HTML attribute or a JSON string.
[[nodiscard]] std::string escapedHtml(std::string_view text);
[[nodiscard]] std::string escapedJson(std::string_view text);

}  // namespace kes::api
