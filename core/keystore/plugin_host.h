#pragma once

#include <kes/ext/config.h>
#include <kes/ext/log.h>
#include <kes/plugin.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/secret.h"
#include "keystore/plugin_config.h"

namespace kes::keystore {

// What one open store sees of the server: the services of kes/ext/. Thread-safe.
class PluginHost : public kes_host_v0 {
 public:
  PluginHost(std::string pluginId, PluginConfig config);
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;
  ~PluginHost();

  [[nodiscard]] const std::string& pluginId() const noexcept { return pluginId_; }
  [[nodiscard]] const PluginConfig& config() const { return config_->values; }

  void log(int level, std::string_view text) const noexcept;

  // Open has returned: forgets the configuration and wipes what was handed out of it.
  void dropConfig() noexcept;
  // The store is closed: complains of what the plugin left behind. The rest dies with this object.
  void checkLeftovers() const noexcept;

  // The extensions.
  [[nodiscard]] static const void* extension(std::string_view id) noexcept;
  [[nodiscard]] std::int32_t configString(const char* pointer, const char** text, std::uint64_t* size);
  [[nodiscard]] std::int32_t configInteger(const char* pointer, std::int64_t* value) const;
  [[nodiscard]] std::int32_t configBoolean(const char* pointer, std::int32_t* value) const;
  [[nodiscard]] std::int32_t configSize(const char* pointer, std::uint64_t* size) const;
  void writeRecord(const kes_log_record_v0& record) const;
  [[nodiscard]] void* allocateSecret(std::uint64_t size);
  void releaseSecret(const void* memory) noexcept;
  [[nodiscard]] std::int32_t attachThread(const char* label) noexcept;
  void detachThread() noexcept;

 private:
  struct Config {
    PluginConfig values;
    std::deque<std::string> handedOut;
  };

  [[nodiscard]] std::int32_t findConfig(const char* pointer, Poco::Dynamic::Var& value) const;

  std::string pluginId_;
  mutable std::mutex mutex_;  // of config_ and secrets_
  std::optional<Config> config_;
  std::map<const void*, base::Secret> secrets_;
  std::atomic<int> threads_{0};
};

}  // namespace kes::keystore
