#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/time.h"

namespace kes::observe {

// Levels as Go's slog numbers them; a record is written when its level is at least the configured one.
namespace level {
inline constexpr int kDebug = -4;
inline constexpr int kInfo = 0;
inline constexpr int kWarn = 4;
inline constexpr int kError = 8;
}  // namespace level

struct LogSettings {
  int error = level::kInfo;
  int audit = level::kInfo;
  bool json = false;
};

// Who asked for what, as far as it is known.
struct RequestInfo {
  std::string_view method;
  std::string_view path;
  std::string_view ip;
  std::string_view identity;
};

// Lines since the log was opened: written to each log, or about to be, and lost for want of room.
struct LogCounters {
  std::uint64_t error = 0;
  std::uint64_t audit = 0;
  std::uint64_t dropped = 0;
};

struct AuditRecord {
  int level = level::kInfo;
  std::string_view message;
  RequestInfo request;
  int status = 0;
  std::chrono::nanoseconds duration{0};
};

// The error log (stderr) and the audit log (stdout) as text or JSON lines. Records are formatted on the
// caller's thread, only when their level is on, and written by a thread of the log's own, so that a slow
// terminal or pipe never stops a request. The queue is bounded; what does not fit is counted and reported by
// one line when there is room again. Thread-safe.
class Log {
 public:
  explicit Log(const LogSettings& settings, int errorFd = 2, int auditFd = 1);
  ~Log();  // writes what is queued
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void configure(const LogSettings& settings) noexcept;
  [[nodiscard]] bool errorEnabled(int level) const noexcept;
  [[nodiscard]] bool auditEnabled(int level) const noexcept;

  void error(int level, std::string_view message);
  void error(int level, std::string_view message, const RequestInfo& request);
  void audit(const AuditRecord& record);

  [[nodiscard]] LogCounters counters() const;

 private:
  void enqueue(int fd, std::string line);
  void write();

  std::atomic<int> errorLevel_;
  std::atomic<int> auditLevel_;
  std::atomic<bool> json_;
  const int errorFd_;
  const int auditFd_;

  struct Line {
    int fd;
    std::string text;
  };
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Line> queue_;
  LogCounters counters_;
  std::uint64_t dropped_ = 0;
  bool stopping_ = false;
  std::thread writer_;
};

// "INFO", "WARN+2", "DEBUG-1" …
[[nodiscard]] std::string levelName(int level);

}  // namespace kes::observe
