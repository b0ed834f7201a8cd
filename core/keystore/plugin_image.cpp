#include "keystore/plugin_image.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "base/encoding.h"
#include "base/sha256.h"
#include "keystore/plugin_store.h"
#include "keystore/plugin_text.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U  // Linux 6.3; glibc 2.36 does not have it yet
#endif

namespace kes::keystore {
namespace {

constexpr std::size_t kMaxImageSize = std::size_t{256} * 1024 * 1024;
constexpr std::string_view kSuffix = ".so";

std::string errorText(int error) {
  return std::strerror(error);  // NOLINT(concurrency-mt-unsafe): thread-safe in glibc
}

std::string join(const std::vector<std::string>& items, std::string_view none) {
  return items.empty() ? std::string(none) : fmt::format("{}", fmt::join(items, ", "));
}

base::Outcome<void> checkOpened(int fd, const std::string& path, PathRole role) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return base::fail(fmt::format("{}: {}", path, errorText(errno)));
  return checkTrusted(status, path, role, ::geteuid());
}

// Walks from the root to `directory`, which is free of links, and checks every step on the open descriptor,
// so that nothing can be exchanged between the check and the use.
base::Outcome<base::UniqueFd> openDirectory(const std::filesystem::path& directory) {
  base::UniqueFd current(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::filesystem::path walked = "/";
  const auto check = [&] {
    return checkOpened(current.get(), walked.string(),
                       walked == directory ? PathRole::directory : PathRole::ancestor);
  };
  if (auto safe = check(); !safe) return std::unexpected(safe.error());
  for (const auto& step : directory.relative_path()) {
    walked /= step;
    base::UniqueFd next(::openat(current.get(), step.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) return base::fail(fmt::format("{}: {}", walked.string(), errorText(errno)));
    current = std::move(next);
    if (auto safe = check(); !safe) return std::unexpected(safe.error());
  }
  return current;
}

base::Outcome<base::UniqueFd> openPlugin(const std::filesystem::path& path) {
  std::error_code error;
  const auto directory = std::filesystem::canonical(path.parent_path(), error);
  if (error) return base::fail(fmt::format("{}: {}", path.parent_path().string(), error.message()));
  auto parent = openDirectory(directory);
  if (!parent) return parent;
  // O_NONBLOCK: a FIFO of that name must not hang the server.
  base::UniqueFd file(::openat(parent->get(), path.filename().c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file.valid() && errno == ELOOP) {
    return base::fail(fmt::format("{} is a symbolic link: put the plugin itself there", path.string()));
  }
  if (!file.valid()) return base::fail(fmt::format("{}: {}", path.string(), errorText(errno)));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return base::fail(fmt::format("{} is not a regular file", path.string()));
  }
  if (auto safe = checkOpened(file.get(), path.string(), PathRole::plugin); !safe) {
    return std::unexpected(safe.error());
  }
  return file;
}

// ---- the copy

base::UniqueFd makeMemoryFile(const std::string& name) {
  const int fd = ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd >= 0 || errno != EINVAL) return base::UniqueFd(fd);
  return base::UniqueFd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

bool writeAll(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

base::Outcome<std::size_t> copyFile(int from, int to, const std::string& path) {
  std::array<char, 64 * 1024> buffer;
  for (std::size_t total = 0;;) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::fail(fmt::format("{}: {}", path, errorText(errno)));
    if (count == 0) return total;
    total += static_cast<std::size_t>(count);
    if (total > kMaxImageSize) return base::fail(fmt::format("{} is larger than 256 MiB", path));
    if (!writeAll(to, buffer.data(), static_cast<std::size_t>(count))) {
      return base::fail(fmt::format("no memory for a copy of {}: {}", path, errorText(errno)));
    }
  }
}

bool isSharedObject(base::ByteView bytes) {
  Elf64_Ehdr header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
         header.e_type == ET_DYN;
}

// Reads the sealed copy, not the file: what is hashed is what will be loaded.
base::Outcome<std::string> inspect(int fd, std::size_t size, const std::string& path) {
  if (size == 0) return base::fail(fmt::format("{} is not a shared object: it is empty", path));
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return base::fail(fmt::format("{}: {}", path, errorText(errno)));
  const base::ByteView bytes(static_cast<const std::uint8_t*>(memory), size);
  const bool sharedObject = isSharedObject(bytes);
  std::string hash = sharedObject ? base::encodeHex(base::sha256(bytes)) : std::string();
  ::munmap(memory, size);
  if (!sharedObject) return base::fail(fmt::format("{} is not a shared object (64-bit ELF)", path));
  return hash;
}

}  // namespace

base::Outcome<void> checkTrusted(const struct stat& status, const std::string& path, PathRole role,
                                 uid_t user) {
  if (status.st_uid != 0 && status.st_uid != user) {
    return base::fail(fmt::format(
        "{} belongs to user {}: a plugin and every directory above it must belong to root or to the user the "
        "server runs as ({})",
        path, status.st_uid, user));
  }
  const mode_t open = status.st_mode & (S_IWGRP | S_IWOTH);
  const bool ownersOnly = role == PathRole::ancestor && (status.st_mode & S_ISVTX) != 0;
  if (open == 0 || ownersOnly) return {};
  return base::fail(fmt::format(
      "{} may be written by {} (mode {:04o}): whoever can write a plugin can read every key. Mend it with: "
      "chmod go-w {}",
      path, (open & S_IWOTH) != 0 ? "anybody" : "its group", status.st_mode & 07777U, path));
}

base::Outcome<std::string> findPlugin(std::string_view id, const std::vector<std::string>& dirs) {
  if (!isPluginId(id)) {
    return base::fail(fmt::format(
        "\"{}\" is not the name of a key store plugin: 1 to 32 of a-z, 0-9 and '-', a letter first",
        logText(id)));
  }
  for (const std::string& dir : dirs) {
    std::string path = fmt::format("{}/{}{}", dir, id, kSuffix);
    struct stat status{};
    // Whatever is there counts, even if it will be refused: falling through to the next directory would load
    // something else than what the first one says.
    if (::lstat(path.c_str(), &status) == 0) return path;
    if (errno != ENOENT && errno != ENOTDIR) {
      return base::fail(fmt::format("{}: {}", path, errorText(errno)));
    }
  }
  return base::fail(fmt::format(
      "key store plugin \"{0}\" is not installed: there is no {0}{1} in {2}; "
      "installed plugins: {3}",
      id, kSuffix, join(dirs, "any directory, as none is configured"), join(installedPlugins(dirs), "none")));
}

std::vector<std::string> installedPlugins(const std::vector<std::string>& dirs) {
  std::set<std::string> ids;
  for (const std::string& dir : dirs) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
      const std::string id = it->path().stem().string();
      std::error_code ignored;
      if (it->path().extension() == kSuffix && isPluginId(id) && it->is_regular_file(ignored)) ids.insert(id);
    }
  }
  return {ids.begin(), ids.end()};
}

base::Outcome<PluginImage> readPlugin(const std::string& path) {
  const auto source = openPlugin(path);
  if (!source) return std::unexpected(source.error());
  PluginImage image;
  image.file = makeMemoryFile("kes-plugin-" + std::filesystem::path(path).stem().string());
  if (!image.file.valid()) {
    return base::fail(fmt::format("no memory for a copy of {}: {}", path, errorText(errno)));
  }
  const auto size = copyFile(source->get(), image.file.get(), path);
  if (!size) return std::unexpected(size.error());
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::fcntl(image.file.get(), F_ADD_SEALS, kSeals) != 0) {
    return base::fail(fmt::format("cannot seal the copy of {}: {}", path, errorText(errno)));
  }
  auto hash = inspect(image.file.get(), *size, path);
  if (!hash) return std::unexpected(hash.error());
  image.sha256 = std::move(*hash);
  return image;
}

}  // namespace kes::keystore
