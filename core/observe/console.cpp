#include "observe/console.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/blocked_signals.h"

namespace kes::observe {
namespace {

constexpr std::size_t kQueueLimit = 16'384;

void writeAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nobody reads any more: there is no better place to complain
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Console::Console() {
  const base::AllSignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

Console::~Console() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Console::write(int fd, std::string line) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueLimit) return false;
    queue_.push_back({fd, std::move(line)});
    if (queue_.size() > 1) return true;
  }
  wake_.notify_one();
  return true;
}

void Console::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::deque<Line> lines = std::exchange(queue_, {});
    lock.unlock();
    for (const Line& line : lines) writeAll(line.fd, line.text);
    lock.lock();
  }
}

}  // namespace kes::observe
