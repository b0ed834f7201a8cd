#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

namespace kes::server {

// Notices by looking, at intervals that are the caller's, that files have been replaced or written to: what a
// path leads to counts, so that links that are swapped, as Kubernetes does, count too.
class FileWatch {
 public:
  FileWatch() = default;
  // A directory stands for the files in it. What is there now is taken as known.
  explicit FileWatch(std::vector<std::string> paths);

  // True once after each change, as soon as the files have stayed the same from one look to the next: a
  // certificate and its key are seldom replaced in one step.
  [[nodiscard]] bool changed();

 private:
  struct Mark {
    std::string path;
    dev_t device = 0;  // all zero for what is not there
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    timespec touched{};  // the inode

    bool operator==(const Mark& other) const noexcept;
  };
  using Look = std::vector<Mark>;

  [[nodiscard]] Look look() const;
  static void add(const std::string& path, Look& look);

  std::vector<std::string> paths_;
  Look known_;
  Look last_;
};

}  // namespace kes::server
