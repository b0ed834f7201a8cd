#include "cli/readable.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace kes::cli {

// KES says it so, with a small letter; scripts look for it.
std::string openError(const std::string& file) {
  std::string reason = std::strerror(errno);
  if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(reason[0])));
  return fmt::format("open {}: {}", file, reason);
}

std::optional<std::string> whyUnreadable(const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0) return std::nullopt;
  return openError(file);
}

}  // namespace kes::cli
