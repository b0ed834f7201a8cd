#include <fmt/format.h>

#include <array>
#include <initializer_list>

#include "base/encoding.h"
#include "cli/client_options.h"
#include "cli/key_commands.h"
#include "cli/key_output.h"

namespace kes::cli {
namespace {

constexpr std::string_view kEncryptUsage = R"help(Usage:
    kes key encrypt [options] <name> <message>

Encrypts the message as it stands, and prints the ciphertext in base64: as JSON unless STDOUT is a
terminal. For anything longer generate a data key and encrypt with that.
{}
Examples:
    $ kes key encrypt my-key "Hello World"
)help";

constexpr std::string_view kDecryptUsage = R"help(Usage:
    kes key decrypt [options] <name> <ciphertext> [<context>]

Decrypts a ciphertext, given in base64, and prints the plaintext in base64: as JSON unless STDOUT is a
terminal. The context is the one given at encryption, in base64.
{}
Examples:
    $ CIPHERTEXT=$(kes key dek my-key | jq -r .ciphertext)
    $ kes key decrypt my-key "$CIPHERTEXT"
)help";

constexpr std::string_view kDataKeyUsage = R"help(Usage:
    kes key dek [options] <name> [<context>]

Generates a data encryption key, and prints it and its encrypted form in base64: as JSON unless STDOUT is
a terminal. Encrypt your data with the plaintext, forget it, and store the ciphertext with the data.
The context, in base64, is needed again to decrypt it.
{}
Examples:
    $ kes key dek my-key
    $ kes key dek my-key "$(printf report.pdf | base64)"
)help";

constexpr std::string_view kHmacUsage = R"help(Usage:
    kes key hmac [options] <name> <message>

Computes the HMAC-SHA256 of the message as it stands, and prints it in base64: as JSON unless STDOUT is a
terminal.
{}
Examples:
    $ kes key hmac my-key "Hello World"
)help";

// One cryptographic command: a client for what the command line says.
class KeyCall {
 public:
  KeyCall(const std::string& command, std::string_view text, Console& console)
      : line_(command, withClientOptions(text)), console_(console) {
    addClientOptions(line_, options_);
  }

  // The positional arguments, `required` or up to `allowed` of them, or the exit code. `missing` names what
  // is not there.
  std::expected<std::vector<std::string>, int> parse(Arguments arguments,
                                                     std::span<const std::string_view> missing,
                                                     std::size_t allowed) {
    auto values = line_.parse(arguments, console_);
    if (!values) return values;
    if (values->size() < missing.size()) {
      return std::unexpected(refuse(fmt::format("no {} specified", missing[values->size()])));
    }
    if (values->size() > allowed) return std::unexpected(refuse("too many arguments"));
    return values;
  }

  std::expected<client::Client, int> connect() { return openClient(options_, console_); }

  int refuse(std::string_view text) { return line_.refuse(console_, text); }
  int failed(std::string_view what, const client::Error& error) {
    return fail(console_, fmt::format("failed to {}: {}", what, explain(error)));
  }

  int print(std::initializer_list<NamedBytes> list) {
    const std::span<const NamedBytes> values(list.begin(), list.size());
    const bool json = options_.json || !console_.outIsTerminal;
    console_.out << (json ? bytesJson(values) : bytesText(values)).text << std::flush;
    return kExitSuccess;
  }

 private:
  CommandLine line_;
  Console& console_;
  ClientOptions options_;
};

// The value at `index` decoded, or no bytes where there is none; nothing when it is not base64.
std::optional<base::Bytes> optionalBase64(const std::vector<std::string>& values, std::size_t index) {
  if (index >= values.size()) return base::Bytes();
  return base::decodeBase64(values[index]);
}

constexpr std::array<std::string_view, 1> kName = {"key name"};
constexpr std::array<std::string_view, 2> kNameAndMessage = {"key name", "message"};
constexpr std::array<std::string_view, 2> kNameAndCiphertext = {"key name", "ciphertext"};

}  // namespace

int encryptMessage(Arguments arguments, Console& console) {
  KeyCall call("kes key encrypt", kEncryptUsage, console);
  const auto values = call.parse(arguments, kNameAndMessage, 2);
  if (!values) return values.error();
  auto client = call.connect();
  if (!client) return client.error();
  const auto ciphertext = client->encrypt((*values)[0], base::bytesOf((*values)[1]), {});
  if (!ciphertext) return call.failed("encrypt message", ciphertext.error());
  return call.print({{"ciphertext", *ciphertext}});
}

int decryptCiphertext(Arguments arguments, Console& console) {
  KeyCall call("kes key decrypt", kDecryptUsage, console);
  const auto values = call.parse(arguments, kNameAndCiphertext, 3);
  if (!values) return values.error();
  const auto ciphertext = base::decodeBase64((*values)[1]);
  if (!ciphertext) return call.refuse("invalid ciphertext: it is not base64");
  const auto context = optionalBase64(*values, 2);
  if (!context) return call.refuse("invalid context: it is not base64");
  auto client = call.connect();
  if (!client) return client.error();
  const auto plaintext = client->decrypt((*values)[0], *ciphertext, *context);
  if (!plaintext) return call.failed("decrypt ciphertext", plaintext.error());
  return call.print({{"plaintext", plaintext->reveal()}});
}

int generateDataKey(Arguments arguments, Console& console) {
  KeyCall call("kes key dek", kDataKeyUsage, console);
  const auto values = call.parse(arguments, kName, 2);
  if (!values) return values.error();
  const auto context = optionalBase64(*values, 1);
  if (!context) return call.refuse("invalid context: it is not base64");
  auto client = call.connect();
  if (!client) return client.error();
  const auto key = client->generateKey((*values)[0], *context);
  if (!key) return call.failed("derive key", key.error());
  return call.print({{"plaintext", key->plaintext.reveal()}, {"ciphertext", key->ciphertext}});
}

int computeHmac(Arguments arguments, Console& console) {
  KeyCall call("kes key hmac", kHmacUsage, console);
  const auto values = call.parse(arguments, kNameAndMessage, 2);
  if (!values) return values.error();
  auto client = call.connect();
  if (!client) return client.error();
  const auto hmac = client->hmac((*values)[0], base::bytesOf((*values)[1]));
  if (!hmac) return call.failed("compute HMAC", hmac.error());
  return call.print({{"hmac", *hmac}});
}

}  // namespace kes::cli
