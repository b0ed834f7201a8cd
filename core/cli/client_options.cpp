#include "cli/client_options.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "cli/readable.h"
#include "client/calls.h"
#include "crypto/api_key.h"
#include "crypto/x509.h"

namespace kes::cli {
namespace {

constexpr const char* kDefaultServer = "127.0.0.1:7373";

constexpr std::string_view kUsageWithShort = R"help(
Options:
    -s, --server <servers>   Server to talk to, as host:port; with several, comma
                             between them, the first that can be reached.
                             Default: $MINIO_KES_SERVER, else 127.0.0.1:7373.
    -a, --api-key <key>      API key to authenticate with.
                             Default: $MINIO_KES_API_KEY, else the files named by
                             $MINIO_KES_KEY_FILE and $MINIO_KES_CERT_FILE.
    -k, --insecure           Accept any certificate of the server.
        --json               Print JSON.
        --color <when>       Use colours: auto (on a terminal), always or never.
    -h, --help               Print this text.
)help";

constexpr std::string_view kUsageLongOnly = R"help(
Options:
        --server <servers>   Server to talk to, as host:port; with several, comma
                             between them, the first that can be reached.
                             Default: $MINIO_KES_SERVER, else 127.0.0.1:7373.
    -a, --api-key <key>      API key to authenticate with.
                             Default: $MINIO_KES_API_KEY, else the files named by
                             $MINIO_KES_KEY_FILE and $MINIO_KES_CERT_FILE.
    -k, --insecure           Accept any certificate of the server.
        --json               Print JSON.
        --color <when>       Use colours: auto (on a terminal), always or never.
    -h, --help               Print this text.
)help";

// The names of one setting in the environment; the first that is set counts, even if it is empty.
using Variables = std::span<const std::string_view>;
constexpr std::array<std::string_view, 3> kServerVariables = {"MINIO_KES_SERVER", "KES_SERVER",
                                                              "MINIO_KMS_KES_ENDPOINT"};
constexpr std::array<std::string_view, 3> kApiKeyVariables = {"MINIO_KES_API_KEY", "KES_API_KEY",
                                                              "MINIO_KMS_KES_API_KEY"};
constexpr std::array<std::string_view, 4> kKeyFileVariables = {
    "MINIO_KES_KEY_FILE", "KES_CLIENT_KEY", "MINIO_KES_CLIENT_KEY", "MINIO_KMS_KES_KEY_FILE"};
constexpr std::array<std::string_view, 4> kCertificateFileVariables = {
    "MINIO_KES_CERT_FILE", "KES_CLIENT_CERT", "MINIO_KES_CLIENT_CERT", "MINIO_KMS_KES_CERT_FILE"};

struct Variable {
  std::string_view name;
  std::string value;
};

std::optional<Variable> lookUp(const Console& console, Variables names) {
  for (const std::string_view name : names) {
    if (auto value = console.environment(std::string(name))) return Variable{name, std::move(*value)};
  }
  return std::nullopt;
}

std::string valueOf(const Console& console, Variables names) {
  const auto variable = lookUp(console, names);
  return variable ? variable->value : std::string();
}

base::Outcome<std::vector<client::Endpoint>> endpoints(const ClientOptions& options, const Console& console) {
  if (options.server) return client::parseEndpoints(*options.server);
  const auto variable = lookUp(console, kServerVariables);
  if (!variable) return client::parseEndpoints(kDefaultServer);
  if (variable->value.empty()) {
    return base::fail(
        fmt::format("no server specified: {0} is empty. Set it to <host>:<port>, or unset it to use {1}",
                    variable->name, kDefaultServer));
  }
  return client::parseEndpoints(variable->value);
}

base::Outcome<crypto::KeyPair> fromApiKey(std::string_view text) {
  const auto key = crypto::ApiKey::parse(text);
  if (!key) return base::fail(fmt::format("parsing API key: {}", key.error().message));
  return key->clientCertificate();
}

base::Outcome<crypto::KeyPair> fromFiles(const std::string& keyFile, const std::string& certificateFile,
                                         Console& console) {
  if (const auto why = whyUnreadable(certificateFile)) {
    return base::fail(fmt::format("reading certificate file: {}", *why));
  }
  if (const auto why = whyUnreadable(keyFile)) {
    return base::fail(fmt::format("reading private key file: {}", *why));
  }
  const auto encrypted = crypto::isPrivateKeyEncrypted(keyFile);
  if (!encrypted) return std::unexpected(encrypted.error());
  base::Secret password;
  if (*encrypted) {
    auto answer = console.askPassword("Enter password for private key: ");
    if (!answer) return std::unexpected(answer.error());
    password = std::move(*answer);
  }
  return crypto::readKeyPair(certificateFile, keyFile, base::textOf(password.reveal()));
}

base::Outcome<crypto::KeyPair> certificate(const ClientOptions& options, Console& console) {
  if (options.apiKey) return fromApiKey(*options.apiKey);
  const std::string apiKey = valueOf(console, kApiKeyVariables);
  const std::string keyFile = valueOf(console, kKeyFileVariables);
  const std::string certificateFile = valueOf(console, kCertificateFileVariables);
  if (!apiKey.empty()) {
    if (!keyFile.empty()) return base::fail("API key and private key file cannot be used at the same time");
    if (!certificateFile.empty()) {
      return base::fail("API key and certificate file cannot be used at the same time");
    }
    return fromApiKey(apiKey);
  }
  if (keyFile.empty() && certificateFile.empty()) {
    return base::fail("no API key specified. Consider setting MINIO_KES_API_KEY");
  }
  if (certificateFile.empty()) {
    return base::fail("no certificate file specified. Consider setting MINIO_KES_CERT_FILE");
  }
  if (keyFile.empty()) {
    return base::fail("no private key file specified. Consider setting MINIO_KES_KEY_FILE");
  }
  return fromFiles(keyFile, certificateFile, console);
}

}  // namespace

void addClientOptions(CommandLine& line, ClientOptions& options, ServerOption server) {
  line.flag("-k,--insecure", options.insecure)
      .option("-e,--enclave", options.enclave)
      .option(server == ServerOption::withShort ? "-s,--server" : "--server", options.server)
      .option("-a,--api-key", options.apiKey)
      .flag("--json", options.json)
      .color(options.color);
}

std::string withClientOptions(std::string_view usage, ServerOption server) {
  return fmt::format(fmt::runtime(usage),
                     server == ServerOption::withShort ? kUsageWithShort : kUsageLongOnly);
}

base::Outcome<client::Settings> clientSettings(const ClientOptions& options, Console& console) {
  client::Settings settings;
  settings.insecure = options.insecure;
  auto pair = certificate(options, console);
  if (!pair) return std::unexpected(pair.error());
  settings.certificate = std::move(*pair);
  auto servers = endpoints(options, console);
  if (!servers) return std::unexpected(servers.error());
  settings.endpoints = std::move(*servers);
  return settings;
}

std::expected<client::Client, int> openClient(const ClientOptions& options, Console& console) {
  auto settings = clientSettings(options, console);
  if (!settings) return std::unexpected(fail(console, settings.error().message));
  return client::Client(std::move(*settings));
}

std::string explain(const client::Error& error) {
  if (error.failure == client::Failure::certificate) {
    return error.message +
           ". Name a file with the certificate to trust in SSL_CERT_FILE, or skip the check with --insecure";
  }
  if (client::lacksRoute(error)) return fmt::format("the server has no such call ({})", error.message);
  return error.message;
}

}  // namespace kes::cli
