#include "observe/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/blocked_signals.h"
#include "base/encoding.h"

namespace kes::observe {
namespace {

constexpr std::size_t kQueueLimit = 16'384;

// A line of the text format is `key=value` pairs; a value is quoted when it would be ambiguous otherwise.
bool needsQuotes(std::string_view value) {
  return value.empty() || std::ranges::any_of(value, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= ' ' || c == '"' || c == '=' || byte >= 0x7f;
         });
}

void appendText(std::string& line, std::string_view key, std::string_view value) {
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

void appendJson(std::string& line, std::string_view key, std::string_view value) {
  if (line.back() != '{') line += ',';
  fmt::format_to(std::back_inserter(line), "\"{}\":\"", key);
  base::appendJsonEscaped(line, base::toValidUtf8(value));
  line += '"';
}

// Milliseconds and the zone, as the text format shows times.
std::string textTime(base::Timestamp now) {
  now.nanos = now.nanos / 1'000'000 * 1'000'000;
  std::string text = base::formatRfc3339Local(now);
  const std::size_t zone = text.find_first_of("Z+-", 19);
  std::string fraction = text.substr(19, zone - 19);
  if (fraction.empty()) fraction = ".";
  fraction.resize(4, '0');
  return text.substr(0, 19) + fraction + text.substr(zone);
}

std::string beginText(int level, std::string_view message) {
  std::string line = "time=" + textTime(base::Timestamp::now());
  line += " level=";
  line += levelName(level);
  appendText(line, "msg", message);
  return line;
}

std::string beginJson(int level, std::string_view message) {
  std::string line = "{";
  appendJson(line, "time", base::formatRfc3339Local(base::Timestamp::now()));
  appendJson(line, "level", levelName(level));
  appendJson(line, "msg", message);
  return line;
}

void appendTextRequest(std::string& line, const RequestInfo& request) {
  appendText(line, "req.method", request.method);
  appendText(line, "req.path", request.path);
  appendText(line, "req.ip", request.ip);
  appendText(line, "req.identity", request.identity);
}

void appendJsonRequest(std::string& line, const RequestInfo& request) {
  line += ",\"req\":{";
  appendJson(line, "method", request.method);
  appendJson(line, "path", request.path);
  appendJson(line, "ip", request.ip);
  appendJson(line, "identity", request.identity);
  line += '}';
}

void writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads any more: there is no better place to complain
    text.remove_prefix(static_cast<std::size_t>(written));
  }
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

Log::Log(const LogSettings& settings, int errorFd, int auditFd)
    : errorLevel_(settings.error),
      auditLevel_(settings.audit),
      json_(settings.json),
      errorFd_(errorFd),
      auditFd_(auditFd) {
  const base::AllSignalsBlocked blocked;
  writer_ = std::thread([this] { write(); });
}

Log::~Log() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

void Log::configure(const LogSettings& settings) noexcept {
  errorLevel_.store(settings.error, std::memory_order_relaxed);
  auditLevel_.store(settings.audit, std::memory_order_relaxed);
  json_.store(settings.json, std::memory_order_relaxed);
}

bool Log::errorEnabled(int level) const noexcept {
  return level >= errorLevel_.load(std::memory_order_relaxed);
}

bool Log::auditEnabled(int level) const noexcept {
  return level >= auditLevel_.load(std::memory_order_relaxed);
}

void Log::error(int level, std::string_view message) {
  if (!errorEnabled(level)) return;
  const bool json = json_.load(std::memory_order_relaxed);
  enqueue(errorFd_, json ? beginJson(level, message) + "}\n" : beginText(level, message) + "\n");
}

void Log::error(int level, std::string_view message, const RequestInfo& request) {
  if (!errorEnabled(level)) return;
  RequestInfo shown = request;
  if (shown.identity.empty()) shown.identity = "<unknown>";
  std::string line;
  if (json_.load(std::memory_order_relaxed)) {
    line = beginJson(level, message);
    appendJsonRequest(line, shown);
    line += '}';
  } else {
    line = beginText(level, message);
    appendTextRequest(line, shown);
  }
  enqueue(errorFd_, line + "\n");
}

void Log::audit(const AuditRecord& record) {
  if (!auditEnabled(record.level)) return;
  std::string line;
  if (json_.load(std::memory_order_relaxed)) {
    line = beginJson(record.level, record.message);
    appendJsonRequest(line, record.request);
    fmt::format_to(std::back_inserter(line), ",\"res\":{{\"code\":{},\"time\":{}}}}}\n", record.status,
                   record.duration.count());
  } else {
    line = beginText(record.level, record.message);
    appendTextRequest(line, record.request);
    fmt::format_to(std::back_inserter(line), " res.code={} res.time={}\n", record.status,
                   base::formatDuration(record.duration));
  }
  enqueue(auditFd_, std::move(line));
}

LogCounters Log::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void Log::enqueue(int fd, std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueLimit) {
      ++dropped_;
      ++counters_.dropped;
      return;
    }
    ++(fd == errorFd_ ? counters_.error : counters_.audit);
    queue_.push_back({fd, std::move(line)});
    if (queue_.size() > 1) return;
  }
  wake_.notify_one();
}

void Log::write() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::deque<Line> lines = std::exchange(queue_, {});
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    for (const Line& line : lines) writeAll(line.fd, line.text);
    if (dropped != 0) {
      writeAll(errorFd_, beginText(level::kWarn,
                                   fmt::format("{} log lines dropped: the log is read too slowly", dropped)) +
                             "\n");
    }
    lock.lock();
  }
}

}  // namespace kes::observe
