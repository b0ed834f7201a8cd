#include "observe/log_streams.h"

#include <algorithm>
#include <utility>

namespace kes::observe {

void LogStream::start(Wake wake) {
  {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }
  wakeIfAny();
}

LogStream::Taken LogStream::take() {
  const std::lock_guard lock(mutex_);
  return {std::exchange(lines_, {}), overrun_};
}

bool LogStream::overrun() const {
  const std::lock_guard lock(mutex_);
  return overrun_;
}

// The first line that does not fit is the last: what a subscriber gets has no gap.
void LogStream::offer(std::string_view line) {
  const std::lock_guard lock(mutex_);
  overrun_ = overrun_ || lines_.size() + line.size() > capacity_;
  if (!overrun_) lines_ += line;
}

void LogStream::wakeIfAny() {
  const std::lock_guard lock(mutex_);
  if (wake_ && (!lines_.empty() || overrun_)) wake_();
}

std::optional<LogStreams::Subscription> LogStreams::subscribe(Record::Kind kind) {
  const std::lock_guard lock(mutex_);
  if (streams_.size() >= limits_.streams) return std::nullopt;
  auto stream = std::make_shared<LogStream>(kind, limits_.queue);
  streams_.push_back(stream);
  counts_[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
  return Subscription(*this, std::move(stream));
}

void LogStreams::end(const std::shared_ptr<LogStream>& stream) {
  const std::lock_guard lock(mutex_);
  counts_[static_cast<std::size_t>(stream->kind_)].fetch_sub(1, std::memory_order_relaxed);
  std::erase(streams_, stream);
}

void LogStreams::offer(const Record& record) {
  if (!anyOf(record.kind)) return;
  std::string line;
  appendStream(line, record);
  line += '\n';
  const std::lock_guard lock(mutex_);
  for (const auto& stream : streams_) {
    if (stream->kind_ == record.kind) stream->offer(line);
  }
}

void LogStreams::wake() {
  const std::lock_guard lock(mutex_);
  for (const auto& stream : streams_) stream->wakeIfAny();
}

}  // namespace kes::observe
