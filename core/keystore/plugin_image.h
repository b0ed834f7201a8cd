#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace kes::keystore {

// The bytes of a plugin as they were checked, in a sealed anonymous file that nobody can change any more.
struct PluginImage {
  base::UniqueFd file;
  std::string sha256;  // lower-case hex
};

// The path of `<dir>/<id>.so` in the first of `dirs` that has it. A failure lists where was looked and what
// is there instead.
[[nodiscard]] base::Outcome<std::string> findPlugin(std::string_view id,
                                                    const std::vector<std::string>& dirs);

// Where a file or directory stands on the way to a plugin.
enum class PathRole : std::uint8_t { ancestor, directory, plugin };

// Whether nobody but root and `user` can change what is at `path`, by its owner and mode.
[[nodiscard]] base::Outcome<void> checkTrusted(const struct stat& status, const std::string& path,
                                               PathRole role, uid_t user);

// Opens the file once without following a link, demands that it and every directory above belong to root or
// to the user of this process and that nobody else may write them, and takes a copy. A directory above the
// one that holds the plugin may be open to all if it is sticky, as /tmp is: there only the owner of an entry
// can replace it, and the owner is checked.
[[nodiscard]] base::Outcome<PluginImage> readPlugin(const std::string& path);

}  // namespace kes::keystore
