#include "cli/key_pair_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "cli/readable.h"

namespace kes::cli {
namespace {

struct NewFile {
  std::string_view what;  // "private key"
  std::string path;
  base::ByteView content;
  mode_t mode;
};

std::unexpected<base::Failure> failed(const NewFile& file) {
  if (errno == EEXIST) {
    return base::fail(fmt::format("{} already exists. Use --force to overwrite it", file.what));
  }
  return base::fail(fmt::format("failed to create {}: {}", file.what, openError(file.path)));
}

bool writeAll(int fd, base::ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// Fills the new file behind `fd`, closes it, and removes it from `path` where that fails.
bool fill(int fd, const std::string& path, const NewFile& file) {
  const bool good = ::fchmod(fd, file.mode) == 0 && writeAll(fd, file.content) && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!good) ::unlink(path.c_str());
  errno = error;
  return good;
}

// Creates the file, which must not exist.
bool create(const NewFile& file) {
  const int fd = ::open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  return fd >= 0 && fill(fd, file.path, file);
}

// Writes the content beside the file, for renaming it into place; returns the name, empty on failure.
std::string stage(const NewFile& file) {
  std::string path = file.path + ".XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0 || !fill(fd, path, file)) return {};
  return path;
}

base::Outcome<void> createBoth(const NewFile& key, const NewFile& certificate) {
  if (!create(key)) return failed(key);
  if (create(certificate)) return {};
  auto failure = failed(certificate);
  ::unlink(key.path.c_str());
  return failure;
}

base::Outcome<void> replaceBoth(const NewFile& key, const NewFile& certificate) {
  const std::string newKey = stage(key);
  if (newKey.empty()) return failed(key);
  const std::string newCertificate = stage(certificate);
  if (newCertificate.empty()) {
    auto failure = failed(certificate);
    ::unlink(newKey.c_str());
    return failure;
  }
  if (::rename(newKey.c_str(), key.path.c_str()) != 0) {
    auto failure = failed(key);
    ::unlink(newKey.c_str());
    ::unlink(newCertificate.c_str());
    return failure;
  }
  if (::rename(newCertificate.c_str(), certificate.path.c_str()) != 0) {
    auto failure = failed(certificate);
    ::unlink(key.path.c_str());
    ::unlink(newCertificate.c_str());
    return failure;
  }
  return {};
}

}  // namespace

base::Outcome<void> checkAbsent(const IdentityFiles& files) {
  struct stat status{};
  if (::lstat(files.key.c_str(), &status) == 0) {
    return base::fail("private key already exists. Use --force to overwrite it");
  }
  if (::lstat(files.certificate.c_str(), &status) == 0) {
    return base::fail("certificate already exists. Use --force to overwrite it");
  }
  return {};
}

base::Outcome<void> writeKeyPair(const IdentityFiles& files, const base::Secret& key,
                                 std::string_view certificate, bool force) {
  const NewFile keyFile{"private key", files.key, key.reveal(), 0600};
  const NewFile certificateFile{"certificate", files.certificate, base::bytesOf(certificate), 0644};
  return force ? replaceBoth(keyFile, certificateFile) : createBoth(keyFile, certificateFile);
}

}  // namespace kes::cli
