#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/config.h"
#include "server/run.h"
#include "server/tls_material.h"

namespace kes::server {

// What a server runs on: the configuration with the command line's overrides applied, and the TLS files read.
struct Settings {
  config::Config config;
  config::Address address;
  TlsMaterial tls;
  std::string apiKey;                 // development mode only: the admin's, to be printed
  std::vector<std::string> warnings;  // for the error log, beyond those of the configuration
};

// Reads the configuration file and the TLS files it names, or makes up both in development mode.
[[nodiscard]] base::Outcome<Settings> loadSettings(const RunOptions& options);

// Where plugins are looked for, in order: --plugin-dir, KES_PLUGIN_PATH, `plugin.dir`, the installation this
// executable belongs to, the build tree it stands in.
[[nodiscard]] std::vector<std::string> pluginSearchPath(const RunOptions& options,
                                                        const config::Config& config);

}  // namespace kes::server
