#include "server/settings.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "crypto/api_key.h"
#include "policy/pattern.h"
#include "server/interfaces.h"

namespace kes::server {
namespace {

using config::ClientAuth;
using config::Config;

constexpr std::string_view kDevAddress = "127.0.0.1:7373";
constexpr std::chrono::hours kDevCertificateLifetime{90 * 24};

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

std::string overridden(std::string_view flag, std::string_view key) {
  return fmt::format("--{} overrides '{}' of the configuration file", flag, key);
}

base::Outcome<void> applyOverrides(const RunOptions& options, Settings& settings) {
  config::Tls& tls = settings.config.tls;
  if (options.address) {
    const bool given = settings.config.address != Config{}.address;
    if (given && settings.config.address != *options.address)
      settings.warnings.push_back(overridden("addr", "address"));
    settings.config.address = *options.address;
  }
  if (options.keyFile) {
    tls.keyFile = *options.keyFile;
    settings.warnings.push_back(overridden("key", "tls.key"));
  }
  if (options.certificateFile) {
    tls.certificateFile = *options.certificateFile;
    tls.certificateLocation = {};
    settings.warnings.push_back(overridden("cert", "tls.cert"));
  }
  if (!options.clientAuth) return {};

  const bool on = equalIgnoringCase(*options.clientAuth, "on");
  if (!on && !equalIgnoringCase(*options.clientAuth, "off")) {
    return base::fail(fmt::format("--auth: invalid value '{}': expected 'on' or 'off'", *options.clientAuth));
  }
  if (!on && tls.clientAuthExplicit && tls.clientAuth != ClientAuth::off) {
    return base::fail(
        "--auth off would loosen the 'tls.auth' of the configuration file: change the file instead");
  }
  tls.clientAuth = on ? ClientAuth::on : ClientAuth::off;
  settings.warnings.push_back(overridden("auth", "tls.auth"));
  return {};
}

void warnAboutPatterns(Settings& settings) {
  for (const config::Policy& policy : settings.config.policies) {
    for (const auto* patterns : {&policy.allow, &policy.deny}) {
      for (const std::string& text : *patterns) {
        const policy::Pattern pattern(text);
        if (!pattern.isAmbiguous()) continue;
        settings.warnings.push_back(fmt::format("{}: policy '{}': pattern '{}' {}: see docs/policies.md",
                                                policy.location.text(), policy.name, text,
                                                pattern.isMalformed()
                                                    ? "is not a valid glob and is taken literally"
                                                    : "is read differently by different KES releases; here "
                                                      "it is a glob within one path segment"));
      }
    }
  }
}

base::Outcome<Settings> fromFile(const RunOptions& options) {
  if (!options.configFile) {
    return base::fail("no configuration file: pass --config <file>, or --dev for a development server");
  }
  auto config = config::load(*options.configFile, config::processEnvironment());
  if (!config) return std::unexpected(config.error());

  Settings settings{.config = std::move(*config), .address = {}, .tls = {}, .apiKey = {}, .warnings = {}};
  if (auto applied = applyOverrides(options, settings); !applied) return std::unexpected(applied.error());
  warnAboutPatterns(settings);

  auto material = readTlsMaterial(settings.config.tls);
  if (!material) return std::unexpected(material.error());
  settings.tls = std::move(*material);
  return settings;
}

base::Outcome<Settings> forDevelopment(const RunOptions& options) {
  if (options.configFile) return base::fail("--dev and --config exclude each other: leave one out");
  const crypto::ApiKey admin = crypto::ApiKey::generate();
  Settings settings{.config = {}, .address = {}, .tls = {}, .apiKey = admin.text(), .warnings = {}};
  settings.config.file = "--dev";
  settings.config.address = options.address.value_or(std::string(kDevAddress));
  settings.config.admin = admin.identity();
  settings.config.keystore.id = "mem";
  settings.config.keystore.json = "{}";
  return settings;
}

base::Outcome<void> makeDevCertificate(Settings& settings) {
  std::vector<std::string> addresses = listenAddresses(settings.address.host);
  if (std::ranges::find(addresses, "127.0.0.1") == addresses.end()) addresses.emplace_back("127.0.0.1");
  settings.tls.pair.key = crypto::generateP256();
  auto certificate = crypto::selfSign({.commonName = "localhost",
                                       .dnsNames = {"localhost"},
                                       .ipAddresses = std::move(addresses),
                                       .lifetime = kDevCertificateLifetime,
                                       .clientAuth = false,
                                       .serverAuth = true},
                                      settings.tls.pair.key.get());
  if (!certificate) return std::unexpected(certificate.error());
  settings.tls.pair.certificate = std::move(*certificate);
  return {};
}

std::filesystem::path executableDirectory() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
}

}  // namespace

base::Outcome<Settings> loadSettings(const RunOptions& options) {
  auto settings = options.dev ? forDevelopment(options) : fromFile(options);
  if (!settings) return settings;
  auto address = config::parseAddress(settings->config.address);
  if (!address) return std::unexpected(address.error());
  settings->address = std::move(*address);
  if (options.dev) {
    if (auto made = makeDevCertificate(*settings); !made) return std::unexpected(made.error());
  }
  return settings;
}

std::vector<std::string> pluginSearchPath(const RunOptions& options, const Config& config) {
  std::vector<std::string> path = options.pluginDirs;
  if (const char* const fromEnvironment = ::secure_getenv("KES_PLUGIN_PATH")) {
    std::string_view rest = fromEnvironment;
    while (!rest.empty()) {
      const std::size_t colon = std::min(rest.find(':'), rest.size());
      if (colon != 0) path.emplace_back(rest.substr(0, colon));
      rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
  }
  if (!config.plugin.dir.empty()) path.push_back(config.plugin.dir);
  const std::filesystem::path prefix = executableDirectory().parent_path();
  path.push_back(prefix / "lib" / KES_LIBRARY_ARCHITECTURE / "kes" / "plugins");
  path.push_back(prefix / "lib" / "kes" / "plugins");
  return path;
}

}  // namespace kes::server
