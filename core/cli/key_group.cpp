#include <array>

#include "cli/commands.h"
#include "cli/key_commands.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes key <command>

Commands:
    create                   Create keys.
    import                   Store a key that exists already.
    info                     Describe a key.
    ls                       List keys.
    rm                       Delete keys.

    dek                      Generate a data encryption key.
    encrypt                  Encrypt a short message.
    decrypt                  Decrypt a ciphertext, or the encrypted form of a data key.
    hmac                     Compute a keyed checksum of a message.

Options:
    -h, --help               Print this text.

Examples:
    $ kes key create my-key
    $ kes key dek my-key
    $ kes key create --help
)help";

constexpr std::array kCommands = {
    Command{"create", createKey},
    Command{"import", importKey},
    Command{"info", describeKey},
    Command{"ls", listKeys},
    Command{"rm", removeKey},
    Command{"dek", generateDataKey},
    Command{"encrypt", encryptMessage},
    Command{"decrypt", decryptCiphertext},
    Command{"hmac", computeHmac},
    // Names of earlier KES releases.
    Command{"list", listKeys},
    Command{"delete", removeKey},
    Command{"derive", generateDataKey},
};

}  // namespace

int keyCommand(Arguments arguments, Console& console) {
  return dispatch("kes key", kUsage, kCommands, arguments, console);
}

}  // namespace kes::cli
