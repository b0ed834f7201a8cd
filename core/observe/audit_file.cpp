#include "observe/audit_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace kes::observe {
namespace {

base::Failure failure(std::string_view path, std::string_view what, int error) {
  return {fmt::format("audit file '{}': {}: {}", path, what, std::generic_category().message(error))};
}

}  // namespace

base::Outcome<AuditFile> AuditFile::open(const std::string& path) {
  // Without O_NONBLOCK a pipe would wait here for a reader.
  const int fd =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  if (fd < 0) {
    return std::unexpected(failure(path, "cannot be opened; check its folder and the rights on it", errno));
  }
  AuditFile file(path, fd);
  struct stat status{};
  if (::fstat(fd, &status) != 0) return file.failed("cannot be looked at", errno);
  if (!S_ISREG(status.st_mode)) return base::fail(fmt::format("audit file '{}': not a regular file", path));
  return file;
}

AuditFile::AuditFile(std::string path, int fd) noexcept : path_(std::move(path)), fd_(fd) {}

AuditFile::AuditFile(AuditFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), torn_(other.torn_) {}

AuditFile& AuditFile::operator=(AuditFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(torn_, other.torn_);
  return *this;
}

AuditFile::~AuditFile() {
  if (fd_ >= 0) ::close(fd_);
}

base::Outcome<void> AuditFile::append(std::string_view lines) {
  if (torn_) {
    if (auto ended = write("\n"); !ended) return ended;
  }
  return write(lines);
}

base::Outcome<void> AuditFile::sync() {
  if (::fdatasync(fd_) != 0) return failed("cannot be written to the disk", errno);
  return {};
}

base::Outcome<void> AuditFile::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("cannot be written", written < 0 ? errno : EIO);
    torn_ = text[static_cast<std::size_t>(written) - 1] != '\n';
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::unexpected<base::Failure> AuditFile::failed(std::string_view what, int error) const {
  return std::unexpected(failure(path_, what, error));
}

}  // namespace kes::observe
