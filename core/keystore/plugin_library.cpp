#include "keystore/plugin_library.h"

#include <fmt/format.h>

#include <array>
#include <boost/dll/shared_library.hpp>
#include <map>
#include <mutex>
#include <optional>

#include "keystore/plugin_image.h"
#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

using Entry = const kes_plugin_v0*() noexcept;

constexpr const char* kEntry = "kes_plugin_entry_v0";
constexpr int kNewestMajorToLookFor = 9;

// The sizes at minor 0. What was appended later may be missing.
constexpr std::size_t kPluginSize = offsetof(kes_plugin_v0, get_extension);
constexpr std::size_t kStoreSize = offsetof(kes_store_functions_v0, describe);
constexpr std::size_t kMagicEnd = offsetof(kes_plugin_v0, magic) + sizeof(std::uint64_t);

// A library stays loaded until the process ends, and so does its image: glibc knows a library by the name it
// was loaded under, /proc/self/fd/N, so N must never stand for another file.
struct Library {
  PluginImage image;
  boost::dll::shared_library handle;
};

base::Outcome<Library> load(PluginImage image, const std::string& path) {
  Library library{std::move(image), {}};
  const std::string name = fmt::format("/proc/self/fd/{}", library.image.file.get());
  try {
    // Only the overload that throws carries the text of dlerror().
    library.handle.load(name, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& exception) {
    std::string cause = exception.what();
    for (auto at = cause.find(name); at != std::string::npos; at = cause.find(name, at + path.size())) {
      cause.replace(at, name.size(), path);
    }
    return base::fail(fmt::format("{} cannot be loaded: {}", path, logText(cause)));
  }
  return library;
}

// Every library that was loaded, by the hash of its bytes.
class Libraries {
 public:
  base::Outcome<const boost::dll::shared_library*> get(PluginImage image, const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (const auto known = byHash_.find(image.sha256); known != byHash_.end()) return &known->second.handle;
    const std::string hash = image.sha256;
    auto library = load(std::move(image), path);
    if (!library) return std::unexpected(library.error());
    return &byHash_.emplace(hash, std::move(*library)).first->second.handle;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Library> byHash_;
};

Libraries& libraries() {
  static auto& all = *new Libraries;  // never destroyed: that would unload what still runs
  return all;
}

std::optional<int> otherMajor(const boost::dll::shared_library& library) {
  for (int major = 0; major <= kNewestMajorToLookFor; ++major) {
    if (library.has(fmt::format("kes_plugin_entry_v{}", major))) return major;
  }
  return std::nullopt;
}

std::string majorMismatch(const std::string& path, std::uint64_t major) {
  return fmt::format("{} is built for version {} of the plugin interface, this server speaks version {}: {}",
                     path, major, KES_ABI_MAJOR,
                     "get the plugin for this server, or the server for this plugin");
}

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

base::Outcome<const kes_plugin_v0*> enter(const boost::dll::shared_library& library,
                                          const std::string& path) {
  if (!library.has(kEntry)) {
    if (const auto major = otherMajor(library)) {
      return base::fail(majorMismatch(path, static_cast<std::uint64_t>(*major)));
    }
    return base::fail(fmt::format("{} is not a kes plugin: it does not export {}", path, kEntry));
  }
  const kes_plugin_v0* const plugin = library.get<Entry>(kEntry)();
  if (plugin == nullptr) return base::fail(fmt::format("{}: {} returned NULL", path, kEntry));
  return plugin;
}

base::Outcome<void> checkPin(const PluginImage& image, std::string_view sha256, const std::string& path) {
  if (sha256.empty()) return {};
  std::string pin(sha256);
  for (char& c : pin) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  if (pin == image.sha256) return {};
  return base::fail(
      fmt::format("{} has SHA-256 {}, the configuration demands {}", path, image.sha256, logText(pin)));
}

}  // namespace

base::Outcome<const kes_plugin_v0*> loadPlugin(std::string_view id, const std::vector<std::string>& dirs,
                                               std::string_view sha256) {
  const auto path = findPlugin(id, dirs);
  if (!path) return std::unexpected(path.error());
  auto image = readPlugin(*path);
  if (!image) return std::unexpected(image.error());
  if (auto pinned = checkPin(*image, sha256, *path); !pinned) return std::unexpected(pinned.error());
  const auto library = libraries().get(std::move(*image), *path);
  if (!library) return std::unexpected(library.error());
  const auto plugin = enter(**library, *path);
  if (!plugin) return plugin;
  if (auto shape = checkShape(**plugin, *path); !shape) return std::unexpected(shape.error());
  if (auto content = checkContent(**plugin, id, *path); !content) return std::unexpected(content.error());
  return *plugin;
}

}  // namespace kes::keystore
