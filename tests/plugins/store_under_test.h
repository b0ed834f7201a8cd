#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "keystore/plugin_store.h"
#include "support/temp_dir.h"

namespace kes::test {

inline keystore::Call soon(std::chrono::seconds time = std::chrono::seconds(60)) {
  return {base::SteadyClock::now() + time, 1, nullptr};
}

// The settings of a plugin of this build; fs gets the directory `path`.
inline keystore::StoreSettings settingsOf(const std::string& id, const std::string& path) {
  keystore::StoreSettings settings;
  settings.id = id;
  settings.configuration = id == "fs" ? R"({"path": ")" + path + R"("})" : "{}";
  settings.pluginDirs = {KES_PLUGIN_DIR};
  return settings;
}

inline std::unique_ptr<keystore::BlobStore> mustOpen(const keystore::StoreSettings& settings) {
  auto store = keystore::openPluginStore(settings);
  if (!store) throw std::runtime_error(store.error().message);
  return std::move(*store);
}

inline std::string valueOf(const keystore::StoreResult<base::Secret>& result) {
  if (!result) return "failure: " + result.error().text;
  return std::string(base::textOf(result->reveal()));
}

template <typename T>
bool failsWith(const keystore::StoreResult<T>& result, keystore::StoreError error) {
  return !result && result.error().error == error;
}

// The names a listing gives, and that it gave none twice.
inline std::set<std::string> namesIn(keystore::BlobStore& store, std::string_view prefix = "") {
  std::set<std::string> names;
  const auto result = store.list(prefix, soon(), [&](std::string_view name) {
    EXPECT_TRUE(names.emplace(name).second) << name << " was listed twice";
    return true;
  });
  EXPECT_TRUE(result) << result.error().text;
  return names;
}

}  // namespace kes::test
