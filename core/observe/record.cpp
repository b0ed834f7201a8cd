#include "observe/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/encoding.h"

namespace kes::observe {
namespace {

constexpr std::size_t kLongestText = 2048;

std::string cut(std::string_view text) {
  if (text.size() <= kLongestText) return std::string(text);
  return std::string(text.substr(0, kLongestText)).append("…");
}

// A line of the text format is `key=value` pairs; a value is quoted when it would be ambiguous otherwise.
bool needsQuotes(std::string_view value) {
  return value.empty() || std::ranges::any_of(value, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= ' ' || c == '"' || c == '=' || byte >= 0x7f;
         });
}

void appendPair(std::string& line, std::string_view key, std::string_view value) {
  line += ' ';
  line += key;
  line += '=';
  if (!needsQuotes(value)) {
    line += value;
    return;
  }
  line += '"';
  base::appendJsonEscaped(line, base::toValidUtf8(value));
  line += '"';
}

void appendMember(std::string& line, std::string_view key, std::string_view value) {
  if (line.back() != '{') line += ',';
  fmt::format_to(std::back_inserter(line), "\"{}\":\"", key);
  base::appendJsonEscaped(line, base::toValidUtf8(value));
  line += '"';
}

// Milliseconds and the zone, as the text format shows times.
std::string textTime(base::Timestamp time) {
  time.nanos = time.nanos / 1'000'000 * 1'000'000;
  std::string text = base::formatRfc3339Local(time);
  const std::size_t zone = text.find_first_of("Z+-", 19);
  std::string fraction = text.substr(19, zone - 19);
  if (fraction.empty()) fraction = ".";
  fraction.resize(4, '0');
  return text.substr(0, 19) + fraction + text.substr(zone);
}

std::string_view shownIdentity(const Record& record) {
  const bool unknown = record.identity.empty() && record.kind == Record::Kind::error;
  return unknown ? std::string_view("<unknown>") : record.identity;
}

}  // namespace

std::string levelName(int level) {
  const auto named = [&](std::string_view name, int base) {
    return level == base ? std::string(name) : fmt::format("{}{:+}", name, level - base);
  };
  if (level < level::kInfo) return named("DEBUG", level::kDebug);
  if (level < level::kWarn) return named("INFO", level::kInfo);
  if (level < level::kError) return named("WARN", level::kWarn);
  return named("ERROR", level::kError);
}

Record::Record(int severity, std::string_view text) : level(severity), message(cut(text)) {}

Record::Record(int severity, std::string_view text, const RequestInfo& request)
    : hasRequest(true),
      level(severity),
      message(cut(text)),
      method(cut(request.method)),
      path(cut(request.path)),
      ip(request.ip),
      identity(request.identity) {}

Record::Record(const AuditRecord& record) : Record(record.level, record.message, record.request) {
  kind = Kind::audit;
  forConsole = record.forConsole;
  status = record.status;
  duration = record.duration;
}

void appendText(std::string& out, const Record& record) {
  out += "time=" + textTime(record.time);
  out += " level=" + levelName(record.level);
  appendPair(out, "msg", record.message);
  if (!record.hasRequest) return;
  appendPair(out, "req.method", record.method);
  appendPair(out, "req.path", record.path);
  appendPair(out, "req.ip", record.ip);
  appendPair(out, "req.identity", shownIdentity(record));
  if (record.status == 0) return;
  fmt::format_to(std::back_inserter(out), " res.code={} res.time={}", record.status,
                 base::formatDuration(record.duration));
}

void appendJson(std::string& out, const Record& record) {
  out += '{';
  appendMember(out, "time", base::formatRfc3339Local(record.time));
  appendMember(out, "level", levelName(record.level));
  appendMember(out, "msg", record.message);
  if (record.hasRequest) {
    out += ",\"req\":{";
    appendMember(out, "method", record.method);
    appendMember(out, "path", record.path);
    appendMember(out, "ip", record.ip);
    appendMember(out, "identity", shownIdentity(record));
    out += '}';
  }
  if (record.status != 0) {
    fmt::format_to(std::back_inserter(out), ",\"res\":{{\"code\":{},\"time\":{}}}", record.status,
                   record.duration.count());
  }
  out += '}';
}

// Clients refuse an address that is none, so an unknown one is left out.
void appendStream(std::string& out, const Record& record) {
  out += '{';
  if (record.kind == Record::Kind::error) {
    std::string text;
    appendText(text, record);
    appendMember(out, "message", text);
    out += '}';
    return;
  }
  appendMember(out, "time", base::formatRfc3339Local(record.time));
  out += ",\"request\":{";
  if (!record.ip.empty()) appendMember(out, "ip", record.ip);
  appendMember(out, "path", record.path);
  if (!record.identity.empty()) appendMember(out, "identity", record.identity);
  fmt::format_to(std::back_inserter(out), "}},\"response\":{{\"code\":{},\"time\":{}}}}}", record.status,
                 record.duration.count());
}

}  // namespace kes::observe
