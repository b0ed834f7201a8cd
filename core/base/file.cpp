#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"

namespace kes::base {
namespace {

constexpr std::size_t kFirstGuess = 16 * 1024;

// Fills `content` up to its size or the end of the file, whichever comes first, and says which byte that was.
std::expected<std::size_t, std::error_code> fill(int descriptor, Secret& content, std::size_t from) {
  while (from < content.size()) {
    const ssize_t count = ::read(descriptor, content.revealMutable().data() + from, content.size() - from);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(std::error_code(errno, std::system_category()));
    if (count == 0) break;
    from += static_cast<std::size_t>(count);
  }
  return from;
}

std::expected<Secret, std::error_code> readAll(int descriptor, std::size_t limit) {
  Secret content(kFirstGuess);
  for (std::size_t size = 0;;) {
    const auto end = fill(descriptor, content, size);
    if (!end) return std::unexpected(end.error());
    size = *end;
    if (size > limit) return std::unexpected(std::make_error_code(std::errc::file_too_large));
    if (size < content.size()) {
      content.truncate(size);
      return content;
    }
    Secret larger(2 * content.size());
    std::ranges::copy(content.reveal(), larger.revealMutable().begin());
    content = std::move(larger);
  }
}

}  // namespace

std::expected<Secret, std::error_code> readFile(const std::string& file, std::size_t limit) {
  const UniqueFd descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.valid()) return std::unexpected(std::error_code(errno, std::system_category()));
  return readAll(descriptor.get(), limit);
}

}  // namespace kes::base
