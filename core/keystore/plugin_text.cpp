#include "keystore/plugin_text.h"

#include <fmt/format.h>
#include <kes/plugin.h>

#include <algorithm>

#include "base/encoding.h"

namespace kes::keystore {
namespace {

constexpr std::size_t kMaxIdSize = 32;

std::string escapeControl(std::string_view character) {
  if (character == "\n") return "\\n";
  if (character == "\t") return "\\t";
  return fmt::format("\\x{:02x}", static_cast<unsigned char>(character.back()));
}

bool isContinuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

void cut(std::string& text, std::size_t limit) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= limit) return;
  std::size_t end = limit - kEllipsis.size();
  while (end > 0 && isContinuation(text[end])) --end;
  text.resize(end);
  text += kEllipsis;
}

}  // namespace

std::string logText(std::string_view text) {
  // What is cut off needs no escaping; an escape is at most four times as long as what it stands for.
  const std::string valid = base::toValidUtf8(text.substr(0, std::size_t{KES_MAX_TEXT} + 1));
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    const std::size_t size = base::controlSize(std::string_view(valid).substr(at));
    if (size == 0) {
      out += valid[at++];
      continue;
    }
    out += escapeControl(std::string_view(valid).substr(at, size));
    at += size;
  }
  cut(out, KES_MAX_TEXT);
  return out;
}

bool isListableName(std::string_view name) {
  if (name.empty() || name.size() > KES_MAX_NAME) return false;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (base::controlSize(name.substr(at)) != 0) return false;
  }
  return base::toValidUtf8(name) == name;
}

bool isPluginId(std::string_view id) noexcept {
  const auto isLower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  if (id.empty() || id.size() > kMaxIdSize || !isLower(id.front())) return false;
  return std::ranges::all_of(id, [&](char c) { return isLower(c) || isDigit(c) || c == '-'; });
}

}  // namespace kes::keystore
