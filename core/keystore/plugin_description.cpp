#include "keystore/plugin_description.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

// The sizes at minor 0. What was appended later may be missing.
constexpr std::size_t kPluginSize = offsetof(kes_plugin_v0, get_extension);
constexpr std::size_t kStoreSize = offsetof(kes_store_functions_v0, describe);
constexpr std::size_t kMagicEnd = offsetof(kes_plugin_v0, magic) + sizeof(std::uint64_t);

std::vector<std::string> missingTexts(const kes_plugin_v0& plugin) {
  const std::array texts = {
      std::pair{"id", plugin.id},           std::pair{"name", plugin.name},
      std::pair{"version", plugin.version}, std::pair{"vendor", plugin.vendor},
      std::pair{"licence", plugin.licence}, std::pair{"url", plugin.url},
      std::pair{"build", plugin.build},     std::pair{"config_schema", plugin.config_schema},
  };
  std::vector<std::string> missing;
  for (const auto& [name, text] : texts) {
    if (text == nullptr) missing.emplace_back(name);
  }
  return missing;
}

std::vector<std::string> missingFunctions(const kes_store_functions_v0& store) {
  const std::array functions = {
      std::pair{"open", store.open != nullptr},     std::pair{"close", store.close != nullptr},
      std::pair{"status", store.status != nullptr}, std::pair{"create", store.create != nullptr},
      std::pair{"get", store.get != nullptr},       std::pair{"remove", store.remove != nullptr},
      std::pair{"list", store.list != nullptr},
  };
  std::vector<std::string> missing;
  for (const auto& [name, present] : functions) {
    if (!present) missing.emplace_back(name);
  }
  return missing;
}

base::Outcome<void> checkShape(const kes_plugin_v0& plugin, const std::string& path) {
  if (plugin.struct_size >= kMagicEnd) {
    constexpr std::uint64_t kAnyMajor = ~std::uint64_t{0xff};
    if ((plugin.magic & kAnyMajor) != (KES_PLUGIN_MAGIC & kAnyMajor)) {
      return base::fail(fmt::format("{}: {} does not return a kes_plugin_v0 (wrong magic)", path, kEntry));
    }
    if (plugin.magic != KES_PLUGIN_MAGIC) return base::fail(majorMismatch(path, plugin.magic & 0xff));
  }
  if (plugin.struct_size < kPluginSize) {
    return base::fail(fmt::format("{}: its kes_plugin_v0 has struct_size {}, at least {} are needed", path,
                                  plugin.struct_size, kPluginSize));
  }
  if (plugin.min_host_minor > KES_ABI_MINOR) {
    return base::fail(
        fmt::format("{} needs a server with plugin interface {}.{} or newer, this one has {}.{}", path,
                    KES_ABI_MAJOR, plugin.min_host_minor, KES_ABI_MAJOR, KES_ABI_MINOR));
  }
  return {};
}

base::Outcome<void> checkContent(const kes_plugin_v0& plugin, std::string_view id, const std::string& path) {
  if (const auto missing = missingTexts(plugin); !missing.empty()) {
    return base::fail(fmt::format("{}: its kes_plugin_v0 lacks {}", path, fmt::join(missing, ", ")));
  }
  if (plugin.id != id) {
    return base::fail(fmt::format("{0} is the plugin \"{1}\": a plugin's file is named after its id, {1}.so",
                                  path, logText(plugin.id)));
  }
  if (plugin.store == nullptr) return base::fail(fmt::format("{}: its kes_plugin_v0 has no store", path));
  if (plugin.store->struct_size < kStoreSize) {
    return base::fail(fmt::format("{}: its kes_store_functions_v0 has struct_size {}, at least {} are needed",
                                  path, plugin.store->struct_size, kStoreSize));
  }
  if (const auto missing = missingFunctions(*plugin.store); !missing.empty()) {
    return base::fail(fmt::format("{}: its kes_store_functions_v0 lacks {}", path, fmt::join(missing, ", ")));
  }
  return {};
}

}  // namespace

std::string majorMismatch(const std::string& path, std::uint64_t major) {
  return fmt::format("{} is built for version {} of the plugin interface, this server speaks version {}: {}",
                     path, major, KES_ABI_MAJOR,
                     "get the plugin for this server, or the server for this plugin");
}

base::Outcome<void> checkDescription(const kes_plugin_v0& plugin, std::string_view id,
                                     const std::string& path) {
  if (auto shape = checkShape(plugin, path); !shape) return shape;
  return checkContent(plugin, id, path);
}

}  // namespace kes::keystore
