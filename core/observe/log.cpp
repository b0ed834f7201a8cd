#include "observe/log.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/blocked_signals.h"

namespace kes::observe {
namespace {

constexpr std::size_t kQueueLimit = 16'384;
// What is written between two looks at who waits for it.
constexpr std::size_t kBatch = 1024;

}  // namespace

Log::Log(const LogSettings& settings, std::optional<AuditFile> file, const LogStreams::Limits& streams,
         int errorFd, int auditFd)
    : errorLevel_(settings.error),
      auditLevel_(settings.audit),
      json_(settings.json),
      auditRequired_(settings.auditRequired),
      hasFile_(file.has_value()),
      errorFd_(errorFd),
      auditFd_(auditFd),
      streams_(streams),
      file_(std::move(file)),
      queue_(kQueueLimit) {
  const base::AllSignalsBlocked blocked;
  writer_ = std::thread([this] { write(); });
}

Log::~Log() {
  {
    const std::lock_guard lock(sleepMutex_);
    stopping_.store(true);
  }
  wake_.notify_one();
  writer_.join();
}

void Log::configure(const LogSettings& settings, std::optional<AuditFile> file) {
  {
    const std::lock_guard lock(fileMutex_);
    file_ = std::move(file);
    fileFailed_ = false;
    auditFailing_.store(false, std::memory_order_relaxed);
  }
  hasFile_.store(file_.has_value(), std::memory_order_relaxed);
  errorLevel_.store(settings.error, std::memory_order_relaxed);
  auditLevel_.store(settings.audit, std::memory_order_relaxed);
  json_.store(settings.json, std::memory_order_relaxed);
  auditRequired_.store(settings.auditRequired, std::memory_order_relaxed);
}

void Log::error(int level, std::string_view message) {
  if (!errorEnabled(level)) return;
  auto entry = std::make_unique<Entry>(Record(level, message), nullptr);
  (void)enqueue(entry);
}

void Log::error(int level, std::string_view message, const RequestInfo& request) {
  if (!errorEnabled(level)) return;
  auto entry = std::make_unique<Entry>(Record(level, message, request), nullptr);
  (void)enqueue(entry);
}

void Log::audit(const AuditRecord& record) {
  if (!auditEnabled(record.level, record.forConsole)) return;
  auto entry = std::make_unique<Entry>(Record(record), nullptr);
  (void)enqueue(entry);
}

void Log::audit(const AuditRecord& record, Recorded done) {
  auto entry = std::make_unique<Entry>(Record(record), std::move(done));
  if (!enqueue(entry)) entry->done(false);
}

// What the console shows is decided now: a reload must not change it for what has happened before.
bool Log::enqueue(std::unique_ptr<Entry>& entry) {
  entry->record.forConsole = isForConsole(entry->record);
  if (!queue_.push(std::move(entry))) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  wakeWriter();
  return true;
}

LogCounters Log::counters() const noexcept {
  return {
      .error = errors_.get(), .audit = audits_.get(), .dropped = dropped_.load(std::memory_order_relaxed)};
}

// The fences make sure that the writer sees what was pushed, or this thread that the writer sleeps.
void Log::wakeWriter() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!asleep_.load(std::memory_order_relaxed) || !asleep_.exchange(false)) return;
  {
    const std::lock_guard lock(sleepMutex_);
  }
  wake_.notify_one();
}

void Log::write() {
  while (!stopping_.load()) {
    if (!writeBatch()) sleep();
  }
  while (writeBatch()) continue;
}

void Log::sleep() {
  std::unique_lock lock(sleepMutex_);
  asleep_.store(true);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (queue_.empty()) wake_.wait(lock, [this] { return !asleep_.load() || stopping_.load(); });
  asleep_.store(false);
}

bool Log::writeBatch() {
  std::string lines;
  std::vector<Recorded> waiting;
  std::size_t count = 0;
  for (; count < kBatch; ++count) {
    auto entry = queue_.pop();
    if (!entry) break;
    auto& [record, done] = **entry;
    show(record);
    if (record.kind == Record::Kind::audit && hasFile_.load(std::memory_order_relaxed)) {
      appendJson(lines, record);
      lines += '\n';
    }
    if (done) waiting.push_back(std::move(done));
  }
  if (count == 0) return false;
  streams_.wake();
  if (!lines.empty() || !waiting.empty()) {
    const bool written = toFile(lines, !waiting.empty());
    for (auto& done : waiting) done(written);
  }
  reportDropped();
  return true;
}

// To all who must not be waited for.
void Log::show(const Record& record) {
  (record.kind == Record::Kind::error ? errors_ : audits_).add();
  if (!toConsole(record)) dropped_.fetch_add(1, std::memory_order_relaxed);
  if (!record.isIntent()) streams_.offer(record);
}

bool Log::isForConsole(const Record& record) const noexcept {
  const auto& threshold = record.kind == Record::Kind::error ? errorLevel_ : auditLevel_;
  return record.forConsole && record.level >= threshold.load(std::memory_order_relaxed);
}

bool Log::toConsole(const Record& record) {
  if (!record.forConsole) return true;
  std::string line;
  if (json_.load(std::memory_order_relaxed)) {
    appendJson(line, record);
  } else {
    appendText(line, record);
  }
  line += '\n';
  return console_.write(record.kind == Record::Kind::error ? errorFd_ : auditFd_, std::move(line));
}

bool Log::toFile(std::string_view lines, bool durably) {
  const std::lock_guard lock(fileMutex_);
  if (!file_) return false;
  auto written = file_->append(lines);
  if (written && durably) written = file_->sync();
  noteFile(written);
  return written.has_value();
}

// Tells once that the file fails, and once that it no longer does.
void Log::noteFile(const base::Outcome<void>& written) {
  const bool fails = !written.has_value();
  auditFailing_.store(fails && auditRequired(), std::memory_order_relaxed);
  if (std::exchange(fileFailed_, fails) == fails) return;
  if (!fails) return notice(level::kWarn, "the audit file can be written again");
  const char* const meanwhile =
      auditRequired() ? ": requests are refused until it can be" : ": audit records are lost until it can be";
  notice(level::kError, written.error().message + meanwhile);
}

void Log::reportDropped() {
  const std::uint64_t dropped = dropped_.load(std::memory_order_relaxed);
  const std::uint64_t since = dropped - droppedTold_;
  if (since == 0) return;
  Record told(level::kWarn, fmt::format("{} log lines dropped: the log is read too slowly", since));
  told.forConsole = isForConsole(told);
  if (!toConsole(told)) return;
  droppedTold_ = dropped;
  streams_.offer(told);
}

// A record of the log about itself.
void Log::notice(int severity, std::string_view message) {
  Record made(severity, message);
  made.forConsole = isForConsole(made);
  show(made);
}

}  // namespace kes::observe
