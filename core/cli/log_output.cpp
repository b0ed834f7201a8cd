#include "cli/log_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/json_reader.h"
#include "base/time.h"
#include "cli/console.h"

namespace kes::cli {
namespace {

struct AuditEvent {
  std::string time;  // RFC 3339
  std::string ip;
  std::string path;
  std::string identity;
  std::int64_t status = 0;
  std::int64_t latency = 0;  // nanoseconds
};

base::ByteSpan bytesOf(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

std::unexpected<client::Error> notAnEvent(std::string_view event) {
  constexpr std::size_t kShown = 80;
  const bool isLong = event.size() > kShown;
  return std::unexpected(client::Error{client::Failure::malformed, 0,
                                       fmt::format("the server sent what is not a log event: {}{}",
                                                   event.substr(0, kShown), isLong ? "…" : "")});
}

void readRequest(base::JsonReader& json, AuditEvent& out) {
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("ip")) {
      json.readString(out.ip);
    } else if (json.nameIs("path")) {
      json.readString(out.path);
    } else if (json.nameIs("identity")) {
      json.readString(out.identity);
    }
  }
}

void readResponse(base::JsonReader& json, AuditEvent& out) {
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("code")) {
      json.readInteger(out.status);
    } else if (json.nameIs("time")) {
      json.readInteger(out.latency);
    }
  }
}

bool readAudit(std::string& event, AuditEvent& out) {
  base::JsonReader json(bytesOf(event));
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("time")) {
      json.readString(out.time);
    } else if (json.nameIs("request")) {
      readRequest(json, out);
    } else if (json.nameIs("response")) {
      readResponse(json, out);
    }
  }
  return json.doneAtEnd() && base::parseRfc3339(out.time).has_value();
}

// "15:04:05" of "2006-01-02T15:04:05.999Z", on the server's clock.
std::string clockOf(std::string_view rfc3339) {
  return std::string(rfc3339.substr(rfc3339.find_first_of("Tt") + 1, 8));
}

std::string cut(const std::string& text, std::size_t width) {
  return base::toValidUtf8(printable(text).substr(0, width));
}

}  // namespace

std::string auditHeading(const Style& style) {
  return style.paint(Role::title, fmt::format("{:<8}    {:<6}    {:<20}    {:<15}    {:<30}    {}", "Time",
                                              "Status", "Identity", "IP", "API", "Latency")) +
         "\n";
}

client::Result<std::string> auditLine(std::string event, const Style& style) {
  const std::string text = event;
  AuditEvent audit;
  if (!readAudit(event, audit)) return notAnEvent(text);
  const std::string status = fmt::format("{:<6}", audit.status);
  const std::string identity = fmt::format("{:<20}", cut(audit.identity, 20));
  const std::string path = fmt::format("{:<30}", printable(audit.path));
  return fmt::format("{:<8}    {}    {}    {:<15}    {}    {}\n", clockOf(audit.time),
                     style.paint(audit.status == 200 ? Role::alive : Role::failure, status),
                     style.paint(Role::identity, identity),
                     audit.ip.empty() ? "<unknown>" : printable(audit.ip), style.paint(Role::route, path),
                     formatLatency(std::chrono::nanoseconds(audit.latency)));
}

client::Result<std::string> errorLine(std::string event) {
  const std::string text = event;
  std::string message;
  base::JsonReader json(bytesOf(event));
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("message")) json.readString(message);
  }
  if (!json.doneAtEnd()) return notAnEvent(text);
  return printable(message) + "\n";
}

client::Result<std::string> eventJson(std::string event, bool forTerminal) {
  const std::string text = event;
  base::JsonReader json(bytesOf(event));
  json.beginObject();
  while (json.nextMember()) {
  }
  if (!json.doneAtEnd()) return notAnEvent(text);
  return (forTerminal ? printable(text) : text) + "\n";
}

std::string formatLatency(std::chrono::nanoseconds latency) {
  using namespace std::chrono_literals;
  const auto rounded = [latency](std::chrono::nanoseconds unit) {
    return base::formatDuration((latency + unit / 2) / unit * unit);
  };
  if (latency >= 1s) return rounded(100ms);
  if (latency >= 10ms) return rounded(1ms);
  if (latency >= 1ms) return rounded(100us);
  if (latency >= 10us) return rounded(1us);
  return base::formatDuration(latency);
}

}  // namespace kes::cli
