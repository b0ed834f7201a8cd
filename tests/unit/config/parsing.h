#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "config/config.h"

namespace kes::config {

using Variables = std::map<std::string, std::string>;

[[nodiscard]] inline Environment environmentOf(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto it = variables.find(name);
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
}

[[nodiscard]] inline Config parsed(const std::string& text, Variables variables = {}) {
  auto config = parse(text, "c.yml", environmentOf(std::move(variables)));
  if (!config) throw std::runtime_error(config.error().message);
  return std::move(*config);
}

// The message with which `text` is refused.
[[nodiscard]] inline std::string refusal(const std::string& text, Variables variables = {}) {
  const auto config = parse(text, "c.yml", environmentOf(std::move(variables)));
  return config ? "(accepted)" : config.error().message;
}

// The least that a configuration needs, as one line; what a test is about comes on line 2.
inline const std::string kMinimal =
    "{admin: {identity: root}, tls: {key: k.pem, cert: c.pem}, keystore: {fs: {path: keys}}}";

// The same in block style, 8 lines long, to add sections to.
inline const std::string kBase =
    "admin:\n"
    "  identity: root\n"
    "tls:\n"
    "  key: k.pem\n"
    "  cert: c.pem\n"
    "keystore:\n"
    "  fs:\n"
    "    path: keys\n";

}  // namespace kes::config
