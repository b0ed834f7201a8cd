#include "crypto/pem.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"

namespace kes::crypto {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{4} << 20;

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

std::string_view takeLine(std::string_view& text) noexcept {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return base::trimmed(line);
}

// The type that a line like "-----BEGIN CERTIFICATE-----" names.
std::optional<std::string_view> typeIn(std::string_view line, std::string_view prefix) noexcept {
  if (!line.starts_with(prefix) || !line.ends_with(kDashes)) return {};
  if (line.size() < prefix.size() + kDashes.size()) return {};
  return line.substr(prefix.size(), line.size() - prefix.size() - kDashes.size());
}

// The base64 of a block, whatever its line breaks and indents, decoded in memory that is wiped.
std::optional<base::Secret> decodeBody(std::string_view body) {
  base::Secret data = base::Secret::copyOf(base::bytesOf(body));
  const auto bytes = data.revealMutable();
  const auto end = std::remove_if(bytes.begin(), bytes.end(), [](char c) { return c == ' ' || c == '\t'; });
  const auto text = base::textOf(bytes.first(static_cast<std::size_t>(end - bytes.begin())));
  const auto size = base::decodeBase64(text, bytes.data());
  if (!size) return {};
  data.truncate(*size);
  return data;
}

// The block whose first line was taken off `text`.
std::optional<PemBlock> takeBlock(std::string_view type, std::string_view& text) {
  PemBlock block;
  block.type = type;
  std::string_view body = text;
  for (std::string_view line = takeLine(text); line.contains(':'); line = takeLine(text)) {
    constexpr std::string_view kDekInfo = "DEK-Info:";
    if (line.starts_with(kDekInfo)) block.dekInfo = base::trimmed(line.substr(kDekInfo.size()));
    body = text;
  }
  text = body;
  while (!text.empty()) {
    const auto bodySize = static_cast<std::size_t>(text.data() - body.data());
    const std::string_view line = takeLine(text);
    if (!line.starts_with(kDashes)) continue;
    auto data = decodeBody(body.substr(0, bodySize));
    if (typeIn(line, kEnd) != type || !data) return {};
    block.data = std::move(*data);
    return block;
  }
  return {};
}

}  // namespace

bool PemBlock::isPrivateKey() const noexcept {
  return type == "PRIVATE KEY" || type.ends_with(" PRIVATE KEY");
}

bool PemBlock::isEncrypted() const noexcept {
  return !dekInfo.empty() || type == "ENCRYPTED PRIVATE KEY";
}

base::Outcome<std::vector<PemBlock>> parsePem(std::string_view text) {
  std::vector<PemBlock> blocks;
  while (!text.empty()) {
    const auto type = typeIn(takeLine(text), kBegin);
    if (!type) continue;
    auto block = takeBlock(*type, text);
    if (!block) return base::fail("no valid PEM data: the block '" + std::string(*type) + "' is damaged");
    blocks.push_back(std::move(*block));
  }
  if (blocks.empty()) return base::fail("no valid PEM data");
  return blocks;
}

base::Outcome<std::vector<PemBlock>> readPemFile(const std::string& file) {
  const auto content = base::readFile(file, kMaxFileSize);
  if (!content) {
    return base::fail("cannot read '" + file + "': " +
                      (content.error() == std::errc::file_too_large ? "it is larger than 4 MiB"
                                                                    : content.error().message()));
  }
  auto blocks = parsePem(base::textOf(content->reveal()));
  if (!blocks) return base::fail("'" + file + "': " + blocks.error().message);
  return blocks;
}

}  // namespace kes::crypto
