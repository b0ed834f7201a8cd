#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "base/counter.h"
#include "observe/audit_file.h"
#include "observe/bounded_queue.h"
#include "observe/console.h"
#include "observe/log_streams.h"
#include "observe/record.h"

namespace kes::observe {

struct LogSettings {
  int error = level::kInfo;  // of the console, as is the next
  int audit = level::kInfo;
  bool json = false;
  bool auditRequired = false;  // no answer before its record is in the audit file
};

// Records since the log was opened: passed on to whoever wants them, and lost for want of room.
struct LogCounters {
  std::uint64_t error = 0;
  std::uint64_t audit = 0;
  std::uint64_t dropped = 0;
};

// The error log and the audit log. A record goes to the console (stderr and stdout), as text or JSON, when it
// reaches the level of that; to the audit file and the log streams whatever that level is, from INFO on in
// the error log. It is made only where somebody wants it, and formatted and written by a thread of the log's
// own, so that a slow terminal, disk or client never stops a request. The queue to that thread is bounded;
// what does not fit is counted, and told by one line when there is room again. Thread-safe.
class Log {
 public:
  // Called with true once a record is in the audit file for good. On the log's thread, or at once where the
  // record is refused; must not block.
  using Recorded = std::move_only_function<void(bool)>;

  explicit Log(const LogSettings& settings, std::optional<AuditFile> file = std::nullopt,
               const LogStreams::Limits& streams = {}, int errorFd = 2, int auditFd = 1);
  ~Log();  // writes what is queued
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Also takes over a file that is newly opened, for those who rotate it.
  void configure(const LogSettings& settings, std::optional<AuditFile> file);

  [[nodiscard]] bool errorEnabled(int level) const noexcept {
    return level >= errorLevel_.load(std::memory_order_relaxed) ||
           (level >= level::kInfo && streams_.anyOf(Record::Kind::error));
  }
  // True where somebody wants records of that level; for those that the console gets, or does not get.
  [[nodiscard]] bool auditEnabled(int level, bool forConsole = true) const noexcept {
    return (forConsole && level >= auditLevel_.load(std::memory_order_relaxed)) ||
           hasFile_.load(std::memory_order_relaxed) || streams_.anyOf(Record::Kind::audit);
  }
  // True where an answer has to wait for its record.
  [[nodiscard]] bool auditRequired() const noexcept { return auditRequired_.load(std::memory_order_relaxed); }
  // True while that is so and the last record could not be written. The next one is tried all the same.
  [[nodiscard]] bool auditFailing() const noexcept { return auditFailing_.load(std::memory_order_relaxed); }

  void error(int level, std::string_view message);
  void error(int level, std::string_view message, const RequestInfo& request);
  void audit(const AuditRecord& record);
  void audit(const AuditRecord& record, Recorded done);

  [[nodiscard]] LogStreams& streams() noexcept { return streams_; }
  [[nodiscard]] LogCounters counters() const noexcept;

 private:
  struct Entry {
    Record record;
    Recorded done;  // null where nobody waits
  };

  [[nodiscard]] bool enqueue(std::unique_ptr<Entry>& entry);
  void wakeWriter();
  void write();
  void sleep();
  // False when there was nothing to write.
  [[nodiscard]] bool writeBatch();
  void show(const Record& record);
  void notice(int severity, std::string_view message);
  [[nodiscard]] bool isForConsole(const Record& record) const noexcept;
  // False where the record is lost.
  [[nodiscard]] bool toConsole(const Record& record);
  [[nodiscard]] bool toFile(std::string_view lines, bool durably);
  void noteFile(const base::Outcome<void>& written);
  void reportDropped();

  std::atomic<int> errorLevel_;
  std::atomic<int> auditLevel_;
  std::atomic<bool> json_;
  std::atomic<bool> auditRequired_;
  std::atomic<bool> auditFailing_ = false;
  std::atomic<bool> hasFile_;
  const int errorFd_;
  const int auditFd_;
  LogStreams streams_;
  Console console_;

  std::mutex fileMutex_;
  std::optional<AuditFile> file_;
  bool fileFailed_ = false;

  BoundedQueue<std::unique_ptr<Entry>> queue_;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::uint64_t droppedTold_ = 0;
  base::Counter errors_;
  base::Counter audits_;

  std::mutex sleepMutex_;
  std::condition_variable wake_;
  std::atomic<bool> asleep_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread writer_;
};

}  // namespace kes::observe
