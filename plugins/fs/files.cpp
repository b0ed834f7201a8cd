#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kes::fs {
namespace {

constexpr std::string_view kHiddenPrefix = ".kes-create-";
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0755;
constexpr std::size_t kMaxFileName = 255;

Status writeAll(const File& file, std::span<const std::uint8_t> content) {
  while (!content.empty()) {
    const ssize_t count = ::write(file.fd(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fileError(errno, "write");
    content = content.subspan(static_cast<std::size_t>(count));
  }
  return Code::ok;
}

int syncRetrying(int fd) noexcept {
  int result = 0;
  do {
    result = ::fsync(fd);
  } while (result != 0 && errno == EINTR);
  return result;
}

Status writeDurably(const File& file, std::span<const std::uint8_t> content) {
  if (auto written = writeAll(file, content); !written.ok()) return written;
  if (syncRetrying(file.fd()) != 0) return fileError(errno, "fsync");
  return Code::ok;
}

// The file has its name. If that cannot be made durable, it stays: somebody may have read the key already.
Status syncName(const File& directory) {
  if (syncRetrying(directory.fd()) == 0 || errno == EINVAL) return Code::ok;  // EINVAL: nothing to sync here
  return {Code::unavailable,
          std::string("the key was created, but may not survive a crash: fsync of the directory: ") +
              std::strerror(errno)};
}

bool cannotLink(int error) noexcept {
  return error == EPERM || error == EOPNOTSUPP || error == EXDEV || error == ENOSYS || error == EINVAL;
}

// 64 random bits are enough for names that live for milliseconds; O_EXCL settles the rest.
std::string hiddenName() {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random)
    random = static_cast<std::uint64_t>(::getpid());
  std::string name(kHiddenPrefix);
  for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[random >> shift & 0xf];
  return name;
}

// Gives the hidden file its name unless that is taken; 0 or an errno value.
int publish(const File& directory, const std::string& hidden, const std::string& name) noexcept {
  const int fd = directory.fd();
  if (::renameat2(fd, hidden.c_str(), fd, name.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
  return publishByLink(directory, hidden, name);
}

bool isDirectory(const std::string& path) noexcept {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool isAbandoned(int fd) noexcept {
  struct stat status{};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const auto written = std::chrono::system_clock::from_time_t(status.st_mtime);
  if (std::chrono::system_clock::now() - written < kAbandonedAfter) return false;
  return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Status fileError(int error, std::string_view what) {
  const std::string text = std::string(what) + ": " + std::strerror(error);
  switch (error) {
    case EACCES:
    case EPERM:
      return {Code::denied, text};
    case ENAMETOOLONG:
      return {Code::invalid, text};
    default:
      // ENOSPC, EDQUOT, EROFS, EIO, ESTALE, EMFILE, the directory gone …: mended outside, then it works
      // again.
      return {Code::unavailable, text};
  }
}

bool isKeyName(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxFileName && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < 0x7f && c != '.' && c != '/' && c != '\\';
  });
}

File openDirectory(const std::string& path) noexcept {
  return File(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Status makeDirectories(const std::string& path) {
  for (std::size_t at = 0; at != std::string::npos;) {
    at = path.find('/', at + 1);
    const std::string directory = path.substr(0, at);
    if (isDirectory(directory)) continue;
    if (::mkdir(directory.c_str(), kDirectoryMode) != 0) {
      // EEXIST: another server was faster, or it is no directory, and then the next step fails.
      if (errno == EEXIST) continue;
      return fileError(errno, "mkdir " + directory);
    }
    const auto slash = directory.rfind('/');
    const File parent = openDirectory(slash == std::string::npos ? "." : directory.substr(0, slash + 1));
    if (!parent.open() || (syncRetrying(parent.fd()) != 0 && errno != EINVAL)) {
      return fileError(errno, "fsync above " + directory);
    }
  }
  return Code::ok;
}

bool exists(const File& directory, const std::string& name) noexcept {
  return ::faccessat(directory.fd(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Status createUnnamed(const File& directory, const std::string& name, std::span<const std::uint8_t> content) {
  const File file(::openat(directory.fd(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kFileMode));
  if (!file.open()) {
    // EISDIR and ENOENT: a kernel or file system that does not know the flag.
    const bool unknown = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT;
    return unknown ? Status(Code::unsupported) : fileError(errno, "open O_TMPFILE");
  }
  if (auto written = writeDurably(file, content); !written.ok()) return written;
  const std::string self = "/proc/self/fd/" + std::to_string(file.fd());
  if (::linkat(AT_FDCWD, self.c_str(), directory.fd(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    if (errno == EEXIST) return Code::exists;
    // ENOENT: there is no /proc here.
    return cannotLink(errno) || errno == ENOENT ? Status(Code::unsupported) : fileError(errno, "linkat");
  }
  return syncName(directory);
}

Status createHidden(const File& directory, const std::string& name, std::span<const std::uint8_t> content) {
  const std::string hidden = hiddenName();
  const File file(
      ::openat(directory.fd(), hidden.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kFileMode));
  if (!file.open()) return fileError(errno, "open " + hidden);
  // Where there are no locks nobody gets one to remove the file either.
  ::flock(file.fd(), LOCK_EX | LOCK_NB);
  if (auto written = writeDurably(file, content); !written.ok()) {
    ::unlinkat(directory.fd(), hidden.c_str(), 0);
    return written;
  }
  if (const int error = publish(directory, hidden, name); error != 0) {
    ::unlinkat(directory.fd(), hidden.c_str(), 0);
    return error == EEXIST ? Status(Code::exists) : fileError(error, "rename");
  }
  return syncName(directory);
}

int publishByLink(const File& directory, const std::string& hidden, const std::string& name) noexcept {
  if (::linkat(directory.fd(), hidden.c_str(), directory.fd(), name.c_str(), 0) != 0) return errno;
  ::unlinkat(directory.fd(), hidden.c_str(), 0);  // if it fails it is a leftover like any other
  return 0;
}

void removeAbandoned(const std::string& directory) noexcept {
  DIR* const entries = ::opendir(directory.c_str());
  if (entries == nullptr) return;
  while (const dirent* const entry =
             ::readdir(entries)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (!std::string_view(entry->d_name).starts_with(kHiddenPrefix)) continue;
    const File file(::openat(::dirfd(entries), entry->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file.open() && isAbandoned(file.fd())) ::unlinkat(::dirfd(entries), entry->d_name, 0);
  }
  ::closedir(entries);
}

}  // namespace kes::fs
