#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace kes::observe {

// Lines for terminals and pipes, written by a thread of its own: nobody waits for a reader that is slow.
// Those that do not fit the bounded queue are lost. Thread-safe.
class Console {
 public:
  Console();
  ~Console();  // writes what is queued
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // False where there is no room.
  [[nodiscard]] bool write(int fd, std::string line);

 private:
  struct Line {
    int fd;
    std::string text;
  };

  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Line> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kes::observe
