#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "observe/record.h"

namespace kes::observe {

// What one subscriber of a log has yet to take: newline-delimited JSON, at most so many bytes. Thread-safe.
class LogStream {
 public:
  // Called when there is something to take, on the log's thread or in `start`. Must neither block nor take.
  using Wake = std::function<void()>;

  LogStream(Record::Kind kind, std::size_t capacity) : kind_(kind), capacity_(capacity) {}

  void start(Wake wake);

  struct Taken {
    std::string lines;
    bool overrun = false;  // more has come than there was room for, and nothing will come any more
  };
  [[nodiscard]] Taken take();
  // True once something was lost.
  [[nodiscard]] bool overrun() const;

 private:
  friend class LogStreams;

  void offer(std::string_view line);
  void wakeIfAny();

  const Record::Kind kind_;
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  Wake wake_;
  std::string lines_;
  bool overrun_ = false;
};

// The subscribers of both logs. Thread-safe.
class LogStreams {
 public:
  struct Limits {
    std::size_t streams = 100;
    std::size_t queue = 256 * 1024;  // bytes of each
  };

  // To what comes from its beginning to its end. The streams must outlive it.
  class Subscription {
   public:
    Subscription(Subscription&& other) noexcept = default;
    Subscription& operator=(Subscription&& other) noexcept = delete;
    ~Subscription() {
      if (stream_) all_->end(stream_);
    }
    LogStream& operator*() const noexcept { return *stream_; }
    LogStream* operator->() const noexcept { return stream_.get(); }

   private:
    friend class LogStreams;
    Subscription(LogStreams& all, std::shared_ptr<LogStream> stream)
        : all_(&all), stream_(std::move(stream)) {}

    LogStreams* all_;
    std::shared_ptr<LogStream> stream_;
  };

  explicit LogStreams(const Limits& limits) noexcept : limits_(limits) {}

  // Nothing where there are as many as there may be.
  [[nodiscard]] std::optional<Subscription> subscribe(Record::Kind kind);
  [[nodiscard]] bool anyOf(Record::Kind kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed) > 0;
  }

  // For the log's thread: gives a record to all who read its log, and tells those who have got any since.
  void offer(const Record& record);
  void wake();

 private:
  void end(const std::shared_ptr<LogStream>& stream);

  const Limits limits_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<LogStream>> streams_;
  std::array<std::atomic<std::size_t>, 2> counts_{};
};

}  // namespace kes::observe
