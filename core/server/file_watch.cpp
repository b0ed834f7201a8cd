#include "server/file_watch.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace kes::server {
namespace {

bool equal(const timespec& a, const timespec& b) noexcept {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

bool FileWatch::Mark::operator==(const Mark& other) const noexcept {
  return path == other.path && device == other.device && inode == other.inode && size == other.size &&
         equal(modified, other.modified) && equal(touched, other.touched);
}

FileWatch::FileWatch(std::vector<std::string> paths)
    : paths_(std::move(paths)), known_(look()), last_(known_) {}

bool FileWatch::changed() {
  auto now = look();
  const bool settled = now == last_;
  last_ = std::move(now);
  if (!settled || last_ == known_) return false;
  known_ = last_;
  return true;
}

FileWatch::Look FileWatch::look() const {
  Look look;
  for (const auto& path : paths_) {
    add(path, look);
    std::error_code error;
    std::vector<std::string> inside;
    for (auto it = std::filesystem::directory_iterator(path, error);
         !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
      inside.push_back(it->path().string());
    }
    std::ranges::sort(inside);
    for (const auto& file : inside) add(file, look);
  }
  return look;
}

void FileWatch::add(const std::string& path, Look& look) {
  Mark mark{.path = path};
  struct stat found{};
  if (::stat(path.c_str(), &found) == 0) {
    mark.device = found.st_dev;
    mark.inode = found.st_ino;
    mark.size = found.st_size;
    mark.modified = found.st_mtim;
    mark.touched = found.st_ctim;
  }
  look.push_back(std::move(mark));
}

}  // namespace kes::server
