#pragma once

#include <expected>
#include <optional>
#include <string>

#include "cli/command_line.h"
#include "cli/console.h"
#include "client/client.h"

namespace kes::cli {

// The options of every command that talks to a server.
struct ClientOptions {
  bool insecure = false;
  std::optional<std::string> enclave;  // accepted for old scripts; there are no enclaves any more
  std::optional<std::string> server;
  std::optional<std::string> apiKey;
  bool json = false;
  ColorWhen color = ColorWhen::automatic;
};

// `-s` means another thing to some commands, which get `--server` alone.
enum class ServerOption : bool { longOnly, withShort };
void addClientOptions(CommandLine& line, ClientOptions& options,
                      ServerOption server = ServerOption::withShort);
// `usage` with their part of it, -h included, in place of its `{}`.
[[nodiscard]] std::string withClientOptions(std::string_view usage,
                                            ServerOption server = ServerOption::withShort);

// Whom to talk to and as whom: the options first, then the environment. Asks for the password of an encrypted
// private key.
[[nodiscard]] base::Outcome<client::Settings> clientSettings(const ClientOptions& options, Console& console);

// The client of that server, or the exit code after the error was printed.
[[nodiscard]] std::expected<client::Client, int> openClient(const ClientOptions& options, Console& console);

// The error of a call as a person should read it, with what to do about it where that is known.
[[nodiscard]] std::string explain(const client::Error& error);

}  // namespace kes::cli
