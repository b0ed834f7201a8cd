#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/json_reader.h"

namespace kes::api {

// Request bodies, decoded by Go's rules (docs/protocol/http.md, "Request bodies"). The decoders are pure and
// work in place: they overwrite the body, and what they return points into it.

// Why there is nothing to return: bad syntax or types, or nesting deeper than the `depth` that was allowed.
enum class BadBody : std::uint8_t { malformed, tooDeep };

template <typename T>
using Decoded = std::expected<T, BadBody>;

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
[[nodiscard]] Decoded<CryptoBody> decodeCrypto(base::ByteSpan body, std::string_view member,
                                               std::uint32_t depth = base::JsonReader::kMaxDepth);

// {"key","cipher"}, or "bytes" and "algorithm" as earlier releases have it.
struct ImportBody {
  base::ByteView key;
  std::string cipher;
};
[[nodiscard]] Decoded<ImportBody> decodeImport(base::ByteSpan body,
                                               std::uint32_t depth = base::JsonReader::kMaxDepth);

// [{"ciphertext","context"} …]. More than kMaxBulkItems are decoded up to one beyond, so that the caller can
// tell.
[[nodiscard]] Decoded<std::vector<BulkItem>> decodeBulk(base::ByteSpan body,
                                                        std::uint32_t depth = base::JsonReader::kMaxDepth);

// {"allow":[pattern …],"deny":[pattern …]}
struct PolicyBody {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};
[[nodiscard]] Decoded<PolicyBody> decodePolicy(base::ByteSpan body,
                                               std::uint32_t depth = base::JsonReader::kMaxDepth);

// {"identity"}
[[nodiscard]] Decoded<std::string> decodeAssignment(base::ByteSpan body,
                                                    std::uint32_t depth = base::JsonReader::kMaxDepth);

// `text` as the inside of an HTML attribute or a JSON string.
[[nodiscard]] std::string escapedHtml(std::string_view text);
[[nodiscard]] std::string escapedJson(std::string_view text);

}  // namespace kes::api
