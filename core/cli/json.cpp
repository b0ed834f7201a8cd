#include "cli/json.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace kes::cli {

std::string jsonString(std::string_view text) {
  std::string escaped;
  base::appendJsonEscaped(escaped, base::toValidUtf8(text));
  std::string out = "\"";
  for (const char c : escaped) {
    if (c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string jsonStrings(std::span<const std::string> texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    out += jsonString(text);
  }
  return out += ']';
}

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
  if (out_.size() > 1) out_ += ',';
  out_ += jsonString(name);
  out_ += ':';
  out_ += value;
  return *this;
}

std::string indentJson(std::string_view compact) {
  std::string out;
  std::size_t depth = 0;
  bool quoted = false;
  const auto newLine = [&] { out.append("\n").append(2 * depth, ' '); };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (quoted) {
      out += c;
      if (c == '\\') out += compact[++i];
      quoted = c != '"';
      continue;
    }
    const bool isEmpty = i + 1 < compact.size() && (compact[i + 1] == '}' || compact[i + 1] == ']');
    if ((c == '{' || c == '[') && !isEmpty) {
      out += c;
      ++depth;
      newLine();
    } else if ((c == '}' || c == ']') && out.back() != '{' && out.back() != '[') {
      --depth;
      newLine();
      out += c;
    } else if (c == ',') {
      out += c;
      newLine();
    } else if (c == ':') {
      out += ": ";
    } else {
      out += c;
      quoted = c == '"';
    }
  }
  return out;
}

void printJson(std::string_view compact, Console& console) {
  console.out << (console.outIsTerminal ? indentJson(compact) : std::string(compact)) << '\n';
}

}  // namespace kes::cli
