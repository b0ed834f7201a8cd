#include "cli/identity_commands.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/commands.h"
#include "cli/identity_output.h"
#include "cli/readable.h"
#include "crypto/api_key.h"
#include "crypto/pem.h"
#include "crypto/x509.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes identity <command>
    kes identity [<api-key> | <file>]

Without a command: makes a new API key, or prints the identity of an API key or a certificate, or the API
key in a file with an Ed25519 private key. On a pipe just that, and nothing else.

Commands:
    new                      Make an API key, and files for it.
    of                       Print the identity of an API key or a certificate.

    info                     Ask a server what it knows about an identity, or about yourself.
    ls                       List the identities a server knows.
    rm                       Take identities off their policies, until the server stops.

Options:
    -h, --help               Print this text.

Examples:
    $ kes identity new --key client.key --cert client.crt
    $ kes identity of client.crt
    $ export MINIO_KES_API_KEY=$(kes identity client.key)
)help";

constexpr const char* kOfUsage = R"help(Usage:
    kes identity of <api-key>
    kes identity of <certificate>

Prints the identity that policies and servers know the owner of an API key or a certificate by: the
SHA-256 of the public key.

Options:
    -h, --help               Print this text.

Examples:
    $ kes identity of kes:v1:ACQpoGqx3rHHjT938Hfu5hVVQJHZWSqVI2Xp1KlYxFVw
    $ kes identity of client.crt
)help";

constexpr std::string_view kApiKeyPrefix = "kes:v1:";

base::Outcome<std::string> identityOfApiKey(std::string_view text) {
  const auto key = crypto::ApiKey::parse(text);
  if (!key) return std::unexpected(key.error());
  return key->identity();
}

base::Outcome<std::string> identityOfCertificate(const std::string& file) {
  if (auto why = whyUnreadable(file)) return base::fail(std::move(*why));
  const auto certificates = crypto::readCertificates(file);
  if (!certificates) return std::unexpected(certificates.error());
  return crypto::identityOf(certificates->front().get());
}

// Bare on a pipe, for `$(…)`.
int printIdentity(const base::Outcome<std::string>& identity, Console& console) {
  if (!identity) return fail(console, identity.error().message);
  if (console.outIsTerminal) {
    console.out << identityText(*identity, Style::forOutput(console, ColorWhen::automatic));
  } else {
    console.out << *identity;
  }
  return kExitSuccess;
}

// The page for people, the bare text for programs.
int printSecret(std::string text, std::string page, Console& console) {
  console.out << (console.outIsTerminal ? page : text) << std::flush;
  base::wipe(page);
  base::wipe(text);
  return kExitSuccess;
}

int printApiKeyOfFile(const std::string& file, Console& console) {
  base::Secret password;
  const auto encrypted = crypto::isPrivateKeyEncrypted(file);
  if (!encrypted) return fail(console, encrypted.error().message);
  if (*encrypted) {
    auto answer = console.askPassword("Enter password for private key: ");
    if (!answer) return fail(console, answer.error().message);
    password = std::move(*answer);
  }
  const auto privateKey = crypto::readPrivateKey(file, base::textOf(password.reveal()));
  if (!privateKey) return fail(console, privateKey.error().message);
  const auto key = crypto::ApiKey::fromPrivateKey(privateKey->get());
  if (!key) {
    return fail(console, fmt::format("'{}' contains unsupported private key. "
                                     "Only ed25519 private keys are supported",
                                     file));
  }
  std::string text = key->text();
  std::string page = apiKeyOfFileText(text, file, Style::forOutput(console, ColorWhen::automatic));
  return printSecret(std::move(text), std::move(page), console);
}

int printNewApiKey(Console& console) {
  const crypto::ApiKey key = crypto::ApiKey::generate();
  std::string text = key.text();
  std::string page = apiKeyText(text, key.identity(), Style::forOutput(console, ColorWhen::automatic));
  return printSecret(std::move(text), std::move(page), console);
}

// What the first PEM block of the file is decides; others may follow.
int printWhatFileHolds(const std::string& file, Console& console) {
  if (const auto why = whyUnreadable(file)) return fail(console, *why);
  const auto blocks = crypto::readPemFile(file);
  if (!blocks) return fail(console, blocks.error().message);
  const crypto::PemBlock& first = blocks->front();
  if (first.isPrivateKey()) return printApiKeyOfFile(file, console);
  const auto certificate =
      first.type == "CERTIFICATE" ? crypto::decodeCertificate(first.data.reveal()) : nullptr;
  if (certificate) return printIdentity(crypto::identityOf(certificate.get()), console);
  return fail(console, fmt::format("'{}' contains no valid PEM certificate or private key", file));
}

constexpr std::array kCommands = {
    Command{"new", newIdentity},
    Command{"of", identityOf},
    Command{"info", describeIdentity},
    Command{"ls", listIdentities},
    Command{"rm", removeIdentity},
    // Names of earlier KES releases.
    Command{"list", listIdentities},
    Command{"assign", assignIdentity},
    Command{"forget", removeIdentity},
};

}  // namespace

int identityCommand(Arguments arguments, Console& console) {
  if (!arguments.empty()) {
    const Command* command = findCommand(kCommands, arguments.front());
    if (command != nullptr) return command->run(arguments.subspan(1), console);
  }
  CommandLine line("kes identity", std::string(kUsage));
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->empty()) return printNewApiKey(console);
  if (values->size() > 1) return line.refuse(console, "too many arguments");
  const std::string& value = values->front();
  if (value.starts_with(kApiKeyPrefix)) return printIdentity(identityOfApiKey(value), console);
  return printWhatFileHolds(value, console);
}

int identityOf(Arguments arguments, Console& console) {
  std::optional<std::string> hash;  // of KES releases that offered several
  CommandLine line("kes identity of", kOfUsage);
  line.option("--hash", hash);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (hash && *hash != "SHA-256") return line.refuse(console, "identities are made with SHA-256 only");
  if (values->empty()) return line.refuse(console, "no API key or certificate specified");

  const std::string& value = values->front();
  const auto identity =
      value.starts_with(kApiKeyPrefix) ? identityOfApiKey(value) : identityOfCertificate(value);
  if (!identity || !console.outIsTerminal) return printIdentity(identity, console);
  console.out << fmt::format("Identity:\n\n   {}\n", *identity);
  return kExitSuccess;
}

}  // namespace kes::cli
