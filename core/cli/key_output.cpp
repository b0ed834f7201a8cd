#include "cli/key_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "cli/console.h"
#include "cli/dates.h"
#include "cli/json.h"

namespace kes::cli {
namespace {

// Appends without leaving a copy behind; the caller has reserved enough.
void appendBase64(std::string& text, base::ByteView bytes) {
  const std::size_t at = text.size();
  text.resize(at + base::base64Size(bytes.size()));
  base::encodeBase64(bytes, text.data() + at);
}

client::WipedText reserved(std::span<const NamedBytes> values) {
  std::size_t size = 16;
  for (const NamedBytes& value : values)
    size += 2 * value.name.size() + base::base64Size(value.bytes.size()) + 16;
  client::WipedText out;
  out.text.reserve(size);
  return out;
}

// Newer and older servers spell the two algorithms differently.
std::string_view canonicalAlgorithm(std::string_view name) {
  if (name == "XCHACHA20-POLY1305") return "ChaCha20";
  if (name.empty() || name == "AES256-GCM_SHA256") return "AES256";
  return name;
}

}  // namespace

std::string keyDescription(const client::KeyInfo& info) {
  return fmt::format("{:<11} {}\n{:<11} {}\n{:<11} {}\n{:<11} {}",                //
                     "Name", printable(info.name),                                //
                     "Algorithm", printable(canonicalAlgorithm(info.algorithm)),  //
                     "Date", serverDate(info.createdAt),                          //
                     "Owner", printable(info.createdBy));
}

std::string keyDescriptionJson(const client::KeyInfo& info) {
  JsonObject object;
  object.text("name", info.name);
  if (!info.algorithm.empty()) object.text("algorithm", canonicalAlgorithm(info.algorithm));
  return object.text("created_at", info.createdAt).optionalText("created_by", info.createdBy).close() + "\n";
}

client::WipedText bytesText(std::span<const NamedBytes> values) {
  std::size_t width = 0;
  for (const NamedBytes& value : values) width = std::max(width, value.name.size());
  client::WipedText out = reserved(values);
  out.text += '\n';
  for (const NamedBytes& value : values) {
    out.text.append(value.name).append(":").append(width - value.name.size() + 1, ' ');
    appendBase64(out.text, value.bytes);
    out.text += '\n';
  }
  return out;
}

client::WipedText bytesJson(std::span<const NamedBytes> values) {
  client::WipedText out = reserved(values);
  out.text += '{';
  for (const NamedBytes& value : values) {
    if (out.text.size() > 1) out.text += ',';
    out.text.append("\"").append(value.name).append("\":\"");
    appendBase64(out.text, value.bytes);
    out.text += '"';
  }
  out.text += '}';
  return out;
}

}  // namespace kes::cli
