// One file per key: the system calls behind the fs store.
#pragma once

#include <kes/plugin.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace kes::fs {

using Status = plugin::Status;
using Code = plugin::Code;

// A file descriptor that is closed with its owner.
class File {
 public:
  File() noexcept = default;
  explicit File(int fd) noexcept : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

// What an errno value means for a key store; `what` says what was tried.
[[nodiscard]] Status fileError(int error, std::string_view what);

// A name that can be a file of ours: printable ASCII without '.', '/' and '\'. It is neither hidden nor a
// path.
[[nodiscard]] bool isKeyName(std::string_view name) noexcept;

// Makes the directory and those above that are missing, mode 0755 less the umask, so that they survive a
// crash.
[[nodiscard]] Status makeDirectories(const std::string& path);

[[nodiscard]] File openDirectory(const std::string& path) noexcept;

[[nodiscard]] bool exists(const File& directory, const std::string& name) noexcept;

// The two ways to create a file in `directory`: whole, durable and under a name that was free, or not at all.
//
// The file has no name until it is complete and on the disk (O_TMPFILE), so a crash leaves nothing behind.
// Code::unsupported if the file system cannot do that; nothing was changed then.
[[nodiscard]] Status createUnnamed(const File& directory, const std::string& name,
                                   std::span<const std::uint8_t> content);
// The file is written under a hidden name and locked while it is. A crash leaves the hidden file to
// removeAbandoned.
[[nodiscard]] Status createHidden(const File& directory, const std::string& name,
                                  std::span<const std::uint8_t> content);

// How createHidden names its file where the file system cannot rename without replacing: 0 or an errno value.
[[nodiscard]] int publishByLink(const File& directory, const std::string& hidden,
                                const std::string& name) noexcept;

// Removes what createHidden left behind in a crash: hidden files of ours that are older than this and locked
// by nobody.
inline constexpr std::chrono::minutes kAbandonedAfter{15};
void removeAbandoned(const std::string& directory) noexcept;

}  // namespace kes::fs
