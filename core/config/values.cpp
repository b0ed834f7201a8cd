#include "config/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/text.h"
#include "config/config.h"
#include "config/message.h"

namespace kes::config {
namespace {

// Digits only, no sign.
template <typename T>
[[nodiscard]] std::optional<T> parseNumber(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

// Digits behind an optional sign; up to a billion either way, so that sums fit.
[[nodiscard]] std::optional<int> parseSigned(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto number = parseNumber<int>(text);
  if (!number || *number > 1'000'000'000) return std::nullopt;
  return negative ? -*number : *number;
}

struct NamedLevel {
  std::string_view name;
  int level;
};
// From the highest to the lowest, so that the first one at or below a level names it.
constexpr std::array kLevels = {NamedLevel{"ERROR", 8}, NamedLevel{"WARN", 4}, NamedLevel{"INFO", 0},
                                NamedLevel{"DEBUG", -4}};
constexpr int kSilent = 9;

[[nodiscard]] bool isIpLiteral(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address;
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

}  // namespace

std::string toLower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

std::optional<bool> parseBoolean(std::string_view text) {
  const std::string word = toLower(text);
  for (const auto* yes : {"true", "yes", "y", "on"}) {
    if (word == yes) return true;
  }
  for (const auto* no : {"false", "no", "n", "off"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<std::size_t> parseSize(std::string_view text) {
  constexpr std::pair<std::string_view, std::size_t> kUnits[] = {
      {"", 1},           {"b", 1},           {"kb", 1000},          {"kib", 1024},
      {"mb", 1'000'000}, {"mib", 1U << 20U}, {"gb", 1'000'000'000}, {"gib", 1U << 30U}};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parseNumber<std::size_t>(text.substr(0, digits));
  const std::string unit = toLower(text.substr(digits));
  const auto* known = std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::size_t>::first);
  if (!number || known == std::end(kUnits)) return std::nullopt;
  if (*number > std::numeric_limits<std::size_t>::max() / known->second) return std::nullopt;
  return *number * known->second;
}

base::Outcome<int> parseLogLevel(const std::string& text) {
  const std::string_view word = base::trimmed(text);
  const std::string lower = toLower(word);
  if (word.empty() || lower == "on") return 0;
  if (lower == "off") return kSilent;
  for (const auto& [name, level] : kLevels) {
    if (!lower.starts_with(toLower(name))) continue;
    const std::string_view suffix = word.substr(name.size());
    if (suffix.empty()) return level;
    const auto more = suffix.starts_with('+') ? parseSigned(suffix.substr(1)) : std::nullopt;
    if (more) return level + *more;
    return base::fail("invalid log level '" + printable(text) + "': invalid suffix '" + printable(suffix) +
                      "'; write " + std::string(name) + "+1 and the like");
  }
  if (const auto number = parseSigned(word)) return *number;
  return base::fail("invalid log level '" + printable(text) +
                    "'; write DEBUG, INFO, WARN, ERROR, one of them with +<n>, a number, on or off");
}

std::string formatLogLevel(int level) {
  const auto* named =
      std::ranges::find_if(kLevels, [level](const NamedLevel& l) { return l.level <= level; });
  if (named == kLevels.end()) --named;  // below DEBUG
  const int rest = level - named->level;
  std::string text(named->name);
  if (rest > 0) text += "+";
  if (rest != 0) text += std::to_string(rest);
  return text;
}

base::Outcome<Address> parseAddress(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) {
    return base::fail("'" + printable(text) + "' has no port; write <ip>:<port>, such as 0.0.0.0:7373");
  }
  const auto port = parseNumber<std::uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port)
    return base::fail("'" + printable(text) + "' has no valid port; the port is a number up to 65535");

  std::string host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string::npos) {
    return base::fail("'" + printable(text) +
                      "' is ambiguous; write an IPv6 address in brackets: [::1]:7373");
  }
  if (!host.empty() && !isIpLiteral(host)) {
    return base::fail("'" + printable(host) +
                      "' is not a valid IP address; write the address, not a name, such as "
                      "127.0.0.1:7373");
  }
  return Address{std::move(host), *port};
}

bool isHeaderName(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != kMarks.npos;
  });
}

}  // namespace kes::config
