#pragma once

#include <string_view>

namespace kes::policy {

// Shell globs as Go's path.Match reads them, to the letter: `*` and `?` match anything but `/`, `[a-z]` and
// `[^a-z]` match one character of (or outside) a class, `\` takes the next character literally. The text is
// UTF-8; a byte that is not part of a character counts as U+FFFD. Both functions are pure, allocate nothing
// and take time O(pattern × path) at most.

// False for what path.Match answers with ErrBadPattern, whatever the path: an unclosed or empty class, a
// range without an end, a `\` with nothing behind it.
[[nodiscard]] bool isWellFormedGlob(std::string_view pattern) noexcept;

// Whether `pattern` matches the whole of `path`. A malformed pattern matches nothing.
[[nodiscard]] bool matchesGlob(std::string_view pattern, std::string_view path) noexcept;

}  // namespace kes::policy
