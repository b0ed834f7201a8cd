#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>

#include "base/time.h"
#include "cli/identity_commands.h"
#include "cli/identity_output.h"
#include "cli/key_pair_files.h"
#include "crypto/api_key.h"
#include "crypto/x509.h"

namespace kes::cli {
namespace {

constexpr const char* kUsage = R"help(Usage:
    kes identity new [options] [<subject>]

Makes an API key and prints it with its identity. With --key and --cert the same key is also written as a
private key and a self-signed certificate, for clients and servers that want files. The subject becomes
the certificate's common name; without one it is the identity.

Options:
        --key <file>         Write the private key there, for its owner alone.
        --cert <file>        Write the certificate there.

    These need --key and --cert:
        --ip <address>       Valid for this IP address. May be repeated.
        --dns <name>         Valid for this host name. May be repeated.
        --expiry <duration>  Valid for this long, as in 90h30m. Default: 720h
        --encrypt            Encrypt the private key with a password, which is asked for.
    -f, --force              Overwrite files that exist.

    -h, --help               Print this text.

Examples:
    $ kes identity new
    $ kes identity new --key client.key --cert client.crt
    $ kes identity new --key server.key --cert server.crt --ip 192.168.0.182 --dns kes.example.net
)help";

struct Options {
  std::optional<std::string> key;
  std::optional<std::string> certificate;
  std::vector<std::string> addresses;
  std::vector<std::string> names;
  std::optional<std::string> expiry;
  bool encrypt = false;
  bool force = false;
  std::chrono::seconds lifetime = std::chrono::hours(720);

  [[nodiscard]] bool writesFiles() const { return key && certificate; }
};

bool isAddress(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> buffer{};
  return ::inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

// What is wrong with a value, or nothing; sets the life time.
std::optional<std::string> wrongValue(Options& options) {
  for (const std::string& address : options.addresses) {
    if (!isAddress(address))
      return fmt::format("invalid argument \"{}\" for \"--ip\": not an IP address", address);
  }
  for (const std::string& name : options.names) {
    if (name.empty()) return "invalid argument \"\" for \"--dns\": not a host name";
  }
  if (!options.expiry) return std::nullopt;
  const auto expiry = base::parseDuration(*options.expiry);
  if (!expiry || *expiry < std::chrono::seconds(1)) {
    return fmt::format("invalid argument \"{}\" for \"--expiry\": not a positive duration as in 720h",
                       *options.expiry);
  }
  options.lifetime = std::chrono::duration_cast<std::chrono::seconds>(*expiry);
  return std::nullopt;
}

// Why these options do not go together, or nothing.
std::optional<std::string> wrongCombination(const Options& options) {
  if (options.key && !options.certificate) {
    return "private key file specified but no certificate file. Set the '--cert' flag";
  }
  if (options.certificate && !options.key) {
    return "certificate file specified but no private key file. Set the '--key' flag";
  }
  if (options.writesFiles()) {
    if (options.key->empty()) return "private key file is empty. Set the '--key' flag";
    if (options.certificate->empty()) return "certificate file is empty. Set the '--cert' flag";
    return std::nullopt;
  }
  const std::array<std::pair<bool, std::string_view>, 5> needy = {{{!options.addresses.empty(), "--ip"},
                                                                   {!options.names.empty(), "--dns"},
                                                                   {options.expiry.has_value(), "--expiry"},
                                                                   {options.encrypt, "--encrypt"},
                                                                   {options.force, "--force"}}};
  for (const auto& [given, name] : needy) {
    if (given) {
      return fmt::format(
          "'{}' requires a private key and certificate file. Set the '--cert' and '--key' flag", name);
    }
  }
  return std::nullopt;
}

base::Outcome<base::Secret> newPassword(Console& console) {
  auto password = console.askPassword("Enter password for private key:");
  if (!password) return password;
  const auto again = console.askPassword("Confirm password for private key:");
  if (!again) return std::unexpected(again.error());
  if (!equal(*password, *again)) return base::fail("passwords don't match");
  if (password->empty()) return base::fail("the password is empty");
  return password;
}

base::Outcome<void> writeFiles(const Options& options, const std::string& subject, const crypto::ApiKey& key,
                               Console& console) {
  const IdentityFiles files{*options.key, *options.certificate};
  if (!options.force) {
    if (auto absent = checkAbsent(files); !absent) return absent;
  }
  base::Secret password;
  if (options.encrypt) {
    auto answer = newPassword(console);
    if (!answer) return std::unexpected(answer.error());
    password = std::move(*answer);
  }
  const crypto::PrivateKey privateKey = key.privateKey();
  const auto certificate = crypto::selfSign({.commonName = subject.empty() ? key.identity() : subject,
                                             .dnsNames = options.names,
                                             .ipAddresses = options.addresses,
                                             .lifetime = options.lifetime,
                                             .clientAuth = true,
                                             .serverAuth = true},
                                            privateKey.get());
  if (!certificate) return std::unexpected(certificate.error());
  const auto pem = crypto::toPem(privateKey.get(), base::textOf(password.reveal()));
  if (!pem) return std::unexpected(pem.error());
  return writeKeyPair(files, *pem, crypto::toPem(certificate->get()), options.force);
}

}  // namespace

int newIdentity(Arguments arguments, Console& console) {
  Options options;
  CommandLine line("kes identity new", kUsage);
  line.option("--key", options.key)
      .option("--cert", options.certificate)
      .list("--ip", options.addresses)
      .list("--dns", options.names)
      .option("--expiry", options.expiry)
      .flag("--encrypt", options.encrypt)
      .flag("-f,--force", options.force);
  const auto subjects = line.parse(arguments, console);
  if (!subjects) return subjects.error();
  if (subjects->size() > 1) return line.refuse(console, "too many arguments");
  if (const auto wrong = wrongValue(options)) return line.refuse(console, *wrong);
  if (const auto wrong = wrongCombination(options)) return fail(console, *wrong);

  const crypto::ApiKey key = crypto::ApiKey::generate();
  IdentityFiles files;
  if (options.writesFiles()) {
    const std::string subject = subjects->empty() ? std::string() : subjects->front();
    if (const auto written = writeFiles(options, subject, key, console); !written) {
      return fail(console, written.error().message);
    }
    files = {*options.key, *options.certificate};
  }
  std::string apiKey = key.text();
  std::string text = newIdentityText(apiKey, key.identity(), files);
  console.out << text << std::flush;
  base::wipe(apiKey);
  base::wipe(text);
  return kExitSuccess;
}

}  // namespace kes::cli
