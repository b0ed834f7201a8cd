#include <fmt/format.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "cli/client_options.h"
#include "cli/each_name.h"
#include "cli/key_commands.h"
#include "cli/key_output.h"
#include "cli/name_listing.h"

namespace kes::cli {
namespace {

constexpr std::string_view kCreateUsage = R"help(Usage:
    kes key create [options] <name>...

Creates a key under each name, from left to right, and stops at the first that fails.
{}
Examples:
    $ kes key create my-key
    $ kes key create my-key-1 my-key-2
)help";

constexpr std::string_view kImportUsage = R"help(Usage:
    kes key import [options] <name> <key>

Stores 32 bytes, given in base64, as a key of type AES256.
{}
Examples:
    $ kes key import my-key Xlnr/nOgAWE5cA7GAsl3L2goCvmfs6KE0gNgB1T93wE=
    $ kes key import my-key "$(openssl rand -base64 32)"
)help";

constexpr std::string_view kInfoUsage = R"help(Usage:
    kes key info [options] <name>

Prints what the server says about a key: its algorithm, when it was created, and by whom.
{}
Examples:
    $ kes key info my-key
    $ kes key info my-key --json
)help";

constexpr std::string_view kListUsage = R"help(Usage:
    kes key ls [options] [<prefix>]

Lists the keys whose name starts with the prefix, or all of them. A trailing * means the same as none.
{}
Examples:
    $ kes key ls
    $ kes key ls my-
    $ kes key ls 'my-*' --json
)help";

constexpr std::string_view kRemoveUsage = R"help(Usage:
    kes key rm [options] <name>...

Deletes keys, from left to right, and stops at the first that fails.
What was encrypted under a deleted key can never be decrypted again.
{}
Examples:
    $ kes key rm my-key
    $ kes key rm my-key-1 my-key-2
)help";

}  // namespace

int createKey(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes key create", withClientOptions(kCreateUsage));
  addClientOptions(line, options);
  const auto names = line.parse(arguments, console);
  if (!names) return names.error();
  if (names->empty()) return line.refuse(console, "no key name specified");
  return forEachName(*names, "create key", options, console,
                     [](client::Client& client, const std::string& name) { return client.createKey(name); });
}

int importKey(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes key import", withClientOptions(kImportUsage));
  addClientOptions(line, options);
  auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->empty()) return line.refuse(console, "no key name specified");
  if (values->size() == 1) return line.refuse(console, "no crypto key specified");
  if (values->size() > 2) return line.refuse(console, "too many arguments");

  std::string& text = (*values)[1];
  base::Secret key(base::base64DecodedBound(text.size()));
  const auto size = base::decodeBase64(text, key.revealMutable().data());
  base::wipe(text);
  if (!size) return line.refuse(console, "invalid key: it is not base64");
  key.truncate(*size);
  return forEachName({values->front()}, "import", options, console,
                     [&key](client::Client& client, const std::string& name) {
                       return client.importKey(name, key, "AES256");
                     });
}

int describeKey(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes key info", withClientOptions(kInfoUsage));
  addClientOptions(line, options);
  const auto names = line.parse(arguments, console);
  if (!names) return names.error();
  if (names->empty()) return line.refuse(console, "no key name specified");
  if (names->size() > 1) return line.refuse(console, "too many arguments");

  auto client = openClient(options, console);
  if (!client) return client.error();
  const auto info = client->describeKey(names->front());
  if (!info) return fail(console, fmt::format("failed to describe keys: {}", explain(info.error())));
  console.out << (options.json ? keyDescriptionJson(*info) : keyDescription(*info));
  return kExitSuccess;
}

int listKeys(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes key ls", withClientOptions(kListUsage));
  addClientOptions(line, options);
  const auto prefixes = line.parse(arguments, console);
  if (!prefixes) return prefixes.error();
  if (prefixes->size() > 1) return line.refuse(console, "too many arguments");

  return listNames({"Key", &client::Client::listKeys, "failed to list keys: "}, *prefixes, options, console);
}

int removeKey(Arguments arguments, Console& console) {
  ClientOptions options;
  CommandLine line("kes key rm", withClientOptions(kRemoveUsage));
  addClientOptions(line, options);
  const auto names = line.parse(arguments, console);
  if (!names) return names.error();
  if (names->empty()) return line.refuse(console, "no key name specified");
  return forEachName(*names, "remove key", options, console,
                     [](client::Client& client, const std::string& name) { return client.deleteKey(name); });
}

}  // namespace kes::cli
