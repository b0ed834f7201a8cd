#pragma once

#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace kes::cli {

// Asks on the terminal of this process for one line that does not show up there. Works with STDIN and STDOUT
// redirected; fails where there is no terminal.
[[nodiscard]] base::Outcome<base::Secret> askPassword(std::string_view prompt);

// Puts the terminal back as it was before a pending askPassword(). Async-signal-safe.
void restoreTerminal() noexcept;

}  // namespace kes::cli
