#pragma once

#include <optional>
#include <string>
#include <vector>

namespace kes::server {

// What `kes server` was asked for on the command line.
struct RunOptions {
  std::optional<std::string> address;
  std::optional<std::string> configFile;
  std::optional<std::string> keyFile;
  std::optional<std::string> certificateFile;
  std::optional<std::string> clientAuth;  // "on" or "off"
  std::vector<std::string> pluginDirs;    // looked at before all others
  bool dev = false;
};

// Serves until SIGINT or SIGTERM; SIGHUP reloads. Returns the exit code, having told on stderr why it is not
// 0.
[[nodiscard]] int run(const RunOptions& options);

}  // namespace kes::server
