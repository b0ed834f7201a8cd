#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "keystore/blob_store.h"
#include "keystore/keystore.h"

namespace kes::keystore {

// Finds, checks and loads the plugin that `settings` names (docs/plugins.md, "How a plugin is found"), checks
// its configuration against its schema, and opens its store. Blocks for at most the time the plugin needs to
// open, which is told to be done within 30 s. The failure is one text for a person; it never holds a value of
// the configuration. A library once loaded stays loaded until the process ends.
[[nodiscard]] base::Outcome<std::unique_ptr<BlobStore>> openPluginStore(const StoreSettings& settings);

// The ids of the plugins that lie in `dirs`, sorted, judged by file name alone: nothing is opened or loaded.
[[nodiscard]] std::vector<std::string> installedPlugins(const std::vector<std::string>& dirs);

// Takes what plugins write to their log, one line of at most 1 KiB without control characters per call.
// `level` is one of KES_LOG_* (kes/ext/log.h). Called on any thread; it must not throw. Replaces the sink set
// before; an empty function drops everything, which is the default.
using PluginLogSink = std::function<void(int level, std::string_view pluginId, std::string_view text)>;
void setPluginLogSink(PluginLogSink sink);

struct PluginMetric {
  enum class Kind : std::uint8_t { counter, gauge };

  std::string pluginId;
  std::string name;  // [a-z][a-z0-9_]{0,63}
  std::string help;
  Kind kind;
  std::int64_t value;
};

// What every plugin counted since the process started, ordered by plugin id and name. Thread-safe.
[[nodiscard]] std::vector<PluginMetric> pluginMetrics();

}  // namespace kes::keystore
