#include "cli/key_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "cli/console.h"
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

// "2024-01-12T10:39:20.886816Z" as "2024-01-12 10:39:20": the server's own clock, whatever its zone.
std::string dateOf(std::string_view rfc3339) {
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kTime = 8;
  if (rfc3339.size() < kDay + 1 + kTime) return std::string(rfc3339);
  return fmt::format("{} {}", rfc3339.substr(0, kDay), rfc3339.substr(kDay + 1, kTime));
}

// Newer and older servers spell the two algorithms differently.
std::string_view canonicalAlgorithm(std::string_view name) {
  if (name == "XCHACHA20-POLY1305") return "ChaCha20";
  if (name.empty() || name == "AES256-GCM_SHA256") return "AES256";
  return name;
}

}  // namespace

std::string keyTable(std::span<const std::string> names, const Style& style) {
  if (names.empty()) return {};
  std::string out = style.paint(Role::heading, "Key") + "\n";
  for (const std::string& name : names) out += printable(name) + "\n";
  return out;
}

std::string keyTableJson(std::span<const std::string> names) {
  std::string out = "[";
  for (const std::string& name : names) {
    if (out.size() > 1) out += ',';
    out += jsonString(name);
  }
  return out += "]\n";
}

std::string keyDescription(const client::KeyInfo& info) {
  return fmt::format("{:<11} {}\n{:<11} {}\n{:<11} {}\n{:<11} {}",                //
                     "Name", printable(info.name),                                //
                     "Algorithm", printable(canonicalAlgorithm(info.algorithm)),  //
                     "Date", dateOf(info.createdAt),                              //
                     "Owner", printable(info.createdBy));
}

std::string keyDescriptionJson(const client::KeyInfo& info) {
  std::string out = fmt::format("{{\"name\":{}", jsonString(info.name));
  if (!info.algorithm.empty()) {
    out += fmt::format(",\"algorithm\":{}", jsonString(canonicalAlgorithm(info.algorithm)));
  }
  out += fmt::format(",\"created_at\":{}", jsonString(info.createdAt));
  if (!info.createdBy.empty()) out += fmt::format(",\"created_by\":{}", jsonString(info.createdBy));
  return out += "}\n";
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
