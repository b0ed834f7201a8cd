#include "config/message.h"

#include "base/encoding.h"

namespace kes::config {

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 100;
  std::string out;
  base::appendJsonEscaped(out, base::toValidUtf8(text.substr(0, kLongest)));
  if (text.size() > kLongest) out += "...";
  return out;
}

std::string memberPath(const std::string& parent, std::string_view key) {
  return parent.empty() ? printable(key) : parent + "." + printable(key);
}

std::string itemPath(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

std::string located(const base::SourceLocation& location, std::string_view path, std::string_view text) {
  std::string message = location.text() + ": ";
  if (!path.empty()) message.append(path).append(": ");
  return message.append(text);
}

}  // namespace kes::config
