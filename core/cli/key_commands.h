#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace kes::cli {

// `kes key …`; `arguments` begin after "key".
[[nodiscard]] int keyCommand(Arguments arguments, Console& console);

[[nodiscard]] int createKey(Arguments arguments, Console& console);
[[nodiscard]] int importKey(Arguments arguments, Console& console);
[[nodiscard]] int describeKey(Arguments arguments, Console& console);
[[nodiscard]] int listKeys(Arguments arguments, Console& console);
[[nodiscard]] int removeKey(Arguments arguments, Console& console);

[[nodiscard]] int encryptMessage(Arguments arguments, Console& console);
[[nodiscard]] int decryptCiphertext(Arguments arguments, Console& console);
[[nodiscard]] int generateDataKey(Arguments arguments, Console& console);
[[nodiscard]] int computeHmac(Arguments arguments, Console& console);

}  // namespace kes::cli
