#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace kes::observe {

// Levels as Go's slog numbers them; a record is written when its level is at least the configured one.
namespace level {
inline constexpr int kDebug = -4;
inline constexpr int kInfo = 0;
inline constexpr int kWarn = 4;
inline constexpr int kError = 8;
}  // namespace level

// "INFO", "WARN+2", "DEBUG-1" …
[[nodiscard]] std::string levelName(int level);

// Who asked for what, as far as it is known.
struct RequestInfo {
  std::string_view method;
  std::string_view path;
  std::string_view ip;
  std::string_view identity;
};

// What one request came to, or with `status` = 0 what is about to be done for it.
struct AuditRecord {
  int level = level::kInfo;
  std::string_view message;
  RequestInfo request;
  int status = 0;
  std::chrono::nanoseconds duration{0};
  bool forConsole = true;  // false where the console has seen enough of its kind
};

// One event of either log, with texts of its own. Long ones are cut, since a client can send many of them.
struct Record {
  enum class Kind : std::uint8_t { error, audit };

  Record(int level, std::string_view message);  // of the error log
  Record(int level, std::string_view message, const RequestInfo& request);
  explicit Record(const AuditRecord& record);

  // An audit record of what is about to be done, for the file alone.
  [[nodiscard]] bool isIntent() const noexcept { return kind == Kind::audit && status == 0; }

  Kind kind = Kind::error;
  bool hasRequest = false;
  bool forConsole = true;
  int level;
  int status = 0;
  std::chrono::nanoseconds duration{0};
  base::Timestamp time = base::Timestamp::now();
  std::string message;
  std::string method;
  std::string path;
  std::string ip;
  std::string identity;
};

// Append the record to `out` without a newline (docs/protocol/http.md, "Logs").
void appendText(std::string& out, const Record& record);    // for people
void appendJson(std::string& out, const Record& record);    // for programs
void appendStream(std::string& out, const Record& record);  // for the clients of the log streams

}  // namespace kes::observe
