#pragma once

#include <optional>
#include <string>

namespace kes::cli {

// "open <file>: no such file or directory" and the like, for the last error of the system.
[[nodiscard]] std::string openError(const std::string& file);

// Why the file cannot be read, in these words; nothing when it can.
[[nodiscard]] std::optional<std::string> whyUnreadable(const std::string& file);

}  // namespace kes::cli
