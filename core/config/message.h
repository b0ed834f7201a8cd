#pragma once

#include <string>
#include <string_view>

#include "base/source_map.h"

namespace kes::config {

// Text of the file or the environment, fit for one line of a message: control characters are escaped,
// ill-formed UTF-8 is replaced, and long text is cut.
[[nodiscard]] std::string printable(std::string_view text);

// "tls" and "auth" make "tls.auth"; "keys" and 2 make "keys[2]".
[[nodiscard]] std::string memberPath(const std::string& parent, std::string_view key);
[[nodiscard]] std::string itemPath(const std::string& parent, std::size_t index);

// "config.yml:12:5: tls.auth: what is wrong". An empty path is left out.
[[nodiscard]] std::string located(const base::SourceLocation& location, std::string_view path,
                                  std::string_view text);

}  // namespace kes::config
