#include "keystore/plugin_library.h"

#include <fmt/format.h>

#include <boost/dll/shared_library.hpp>
#include <map>
#include <mutex>
#include <optional>

#include "keystore/plugin_description.h"
#include "keystore/plugin_image.h"
#include "keystore/plugin_text.h"

namespace kes::keystore {
namespace {

using Entry = const kes_plugin_v0*() noexcept;

constexpr int kNewestMajorToLookFor = 9;

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
  if (auto good = checkDescription(**plugin, id, *path); !good) return std::unexpected(good.error());
  return *plugin;
}

}  // namespace kes::keystore
