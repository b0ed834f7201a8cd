#include "cli/status_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/time.h"
#include "cli/console.h"
#include "cli/json.h"

namespace kes::cli {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::string line(const Style& style, std::string_view label, std::string_view value) {
  // The middle dot of "· Heap" is two bytes and one column.
  const std::size_t width = label.starts_with("\u00b7") ? 9 : 8;
  const std::string padded = fmt::format("  {}{}", label, std::string(width - label.size(), ' '));
  return style.paint(Role::faint, padded) + (value.empty() ? "" : " ") + std::string(value) + "\n";
}

}  // namespace

std::string statusHead(std::string_view server, const Style& style) {
  return fmt::format("{} {}\n", style.paint(Role::alive, "\u25cf"),
                     style.paint(Role::endpoint, printable(server)));
}

std::string statusBody(const client::Status& status, std::chrono::nanoseconds latency, const Style& style) {
  const auto milliseconds = std::chrono::round<std::chrono::milliseconds>(latency);
  std::string out;
  out += line(style, "Version", printable(status.version));
  out += line(style, "Uptime", formatUptime(status.uptime));
  out += line(style, "Latency", base::formatDuration(std::max(milliseconds, std::chrono::milliseconds(1))));
  out += line(style, "OS", printable(status.os));
  out += line(style, "CPUs", fmt::format("{} {}", status.usableCpus, printable(status.arch)));
  if (status.keystoreUnreachable) out += line(style, "Keys", "the key store is unreachable");
  out += line(style, "Memory", "");
  out += line(style, "\u00b7 Heap", formatSize(status.heapUsed));
  out += line(style, "\u00b7 Stack", formatSize(status.stackUsed));
  return out;
}

std::string apiTable(std::span<const client::Api> apis, const Style& style) {
  std::size_t width = 3;
  for (const client::Api& api : apis) width = std::max(width, api.path.size());
  const auto heading = [&](std::string_view text, std::size_t column) {
    return style.paint(Role::heading, text) + std::string(column - text.size(), ' ');
  };
  std::string out = fmt::format("\n  {}{}{}\n", heading("Method", 8), heading("API", width + 3),
                                style.paint(Role::heading, "Timeout"));
  for (const client::Api& api : apis) {
    out += fmt::format("  {:<7} {} {}\n", printable(api.method),
                       style.paint(Role::route, fmt::format("{:<{}}", printable(api.path), width + 2)),
                       api.timeout == 0 ? "Inf" : base::formatDuration(std::chrono::seconds(api.timeout)));
  }
  return out;
}

std::string statusJson(const client::Status& status) {
  return JsonObject()
      .text("version", status.version)
      .text("os", status.os)
      .text("arch", status.arch)
      .number("uptime", status.uptime)
      .number("num_cpu", status.cpus)
      .number("num_cpu_used", status.usableCpus)
      .number("mem_heap_used", status.heapUsed)
      .number("mem_stack_used", status.stackUsed)
      .optionalNumber("keystore_latency", status.keystoreLatency)
      .optionalFlag("keystore_unreachable", status.keystoreUnreachable)
      .optionalFlag("keystore_unavailable", status.keystoreUnavailable)
      .close();
}

std::string apiJson(std::span<const client::Api> apis) {
  std::string out = "[";
  for (const client::Api& api : apis) {
    if (out.size() > 1) out += ',';
    out += JsonObject()
               .text("method", api.method)
               .text("path", api.path)
               .optionalNumber("max_body", api.maxBody)
               .optionalNumber("timeout", api.timeout)
               .close();
  }
  return out += "]";
}

std::string formatUptime(std::int64_t seconds) {
  if (seconds > kDay) return fmt::format("{} days {} hours", seconds / kDay, seconds % kDay / kHour);
  if (seconds > kHour) return fmt::format("{} hours", (seconds + kHour / 2) / kHour);
  if (seconds > kMinute) return fmt::format("{} minutes", (seconds + kMinute / 2) / kMinute);
  return fmt::format("{} seconds", seconds);
}

std::string formatSize(std::int64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes <= 0) return "0B";
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  // 999.95 of a unit would be shown as 1000.0 of it.
  for (; unit + 1 < kUnits.size() && value >= 999.95; ++unit) value /= 1000;
  return fmt::format("{:.1f}{}", value, kUnits[unit]);
}

}  // namespace kes::cli
