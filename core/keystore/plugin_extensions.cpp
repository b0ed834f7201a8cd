#include "keystore/plugin_extensions.h"

#include <kes/ext/clock.h>
#include <kes/ext/config.h>
#include <kes/ext/log.h>
#include <kes/ext/metrics.h>
#include <kes/ext/random.h>
#include <kes/ext/secret.h>
#include <kes/ext/thread.h>

#include <chrono>

#include "crypto/random.h"
#include "keystore/plugin_host.h"
#include "keystore/plugin_metrics.h"

namespace kes::keystore {
namespace {

// Plugins hold the host as const: what a service changes is not part of what they see of it.
PluginHost& hostOf(const kes_host_v0* host) noexcept {
  return *static_cast<PluginHost*>(const_cast<kes_host_v0*>(host));
}

// Nothing may be thrown into a plugin.
template <typename Body, typename Value>
Value guard(Value otherwise, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    return otherwise;
  }
}

constexpr kes_ext_config_v0 kConfig{
    sizeof(kes_ext_config_v0),
    KES_ABI_MINOR,
    [](const kes_host_v0* host, const char* pointer, const char** text, std::uint64_t* size) noexcept {
      return guard(KES_E_INTERNAL, [&] { return hostOf(host).configString(pointer, text, size); });
    },
    [](const kes_host_v0* host, const char* pointer, std::int64_t* value) noexcept {
      return guard(KES_E_INTERNAL, [&] { return hostOf(host).configInteger(pointer, value); });
    },
    [](const kes_host_v0* host, const char* pointer, std::int32_t* value) noexcept {
      return guard(KES_E_INTERNAL, [&] { return hostOf(host).configBoolean(pointer, value); });
    },
    [](const kes_host_v0* host, const char* pointer, std::uint64_t* size) noexcept {
      return guard(KES_E_INTERNAL, [&] { return hostOf(host).configSize(pointer, size); });
    }};

constexpr kes_ext_log_v0 kLog{sizeof(kes_ext_log_v0), KES_ABI_MINOR,
                              [](const kes_host_v0* host, const kes_log_record_v0* record) noexcept {
                                constexpr std::size_t kSize = offsetof(kes_log_record_v0, reserved);
                                if (record == nullptr || record->struct_size < kSize) return;
                                guard(0, [&] {
                                  hostOf(host).writeRecord(*record);
                                  return 0;
                                });
                              }};

constexpr kes_ext_metrics_v0 kMetrics{
    sizeof(kes_ext_metrics_v0), KES_ABI_MINOR,
    [](const kes_host_v0* host, std::int32_t kind, const char* name, const char* help) noexcept {
      return guard(static_cast<kes_metric_v0*>(nullptr), [&]() -> kes_metric_v0* {
        if (name == nullptr || help == nullptr) return nullptr;
        return findMetric(hostOf(host).pluginId(), kind, name, help);
      });
    },
    addToMetric, setMetric};

constexpr kes_ext_secret_v0 kSecret{
    sizeof(kes_ext_secret_v0), KES_ABI_MINOR,
    [](const kes_host_v0* host, std::uint64_t size) noexcept {
      return guard(static_cast<void*>(nullptr), [&] { return hostOf(host).allocateSecret(size); });
    },
    [](const kes_host_v0* host, void* memory) noexcept { hostOf(host).releaseSecret(memory); },
    [](const kes_host_v0*, void* memory, std::uint64_t size) noexcept {
      if (memory != nullptr) base::wipe(memory, size);
    }};

constexpr kes_ext_random_v0 kRandom{sizeof(kes_ext_random_v0), KES_ABI_MINOR,
                                    [](const kes_host_v0*, void* memory, std::uint64_t size) noexcept {
                                      crypto::randomBytes({static_cast<std::uint8_t*>(memory), size});
                                      return KES_OK;
                                    }};

constexpr kes_ext_clock_v0 kClock{
    sizeof(kes_ext_clock_v0), KES_ABI_MINOR,
    [](const kes_host_v0*) noexcept {
      return static_cast<std::uint64_t>(
          std::chrono::nanoseconds(base::SteadyClock::now().time_since_epoch()).count());
    },
    [](const kes_host_v0*) noexcept {
      return static_cast<std::int64_t>(
          std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
    }};

constexpr kes_ext_thread_v0 kThread{
    sizeof(kes_ext_thread_v0), KES_ABI_MINOR,
    [](const kes_host_v0* host, const char* name) noexcept { return hostOf(host).attachThread(name); },
    [](const kes_host_v0* host) noexcept { hostOf(host).detachThread(); }};

struct Extension {
  std::string_view id;
  const void* table;
};

constexpr Extension kExtensions[] = {
    {KES_EXT_CONFIG, &kConfig}, {KES_EXT_LOG, &kLog},       {KES_EXT_METRICS, &kMetrics},
    {KES_EXT_SECRET, &kSecret}, {KES_EXT_RANDOM, &kRandom}, {KES_EXT_CLOCK, &kClock},
    {KES_EXT_THREAD, &kThread},
};

}  // namespace

const void* hostExtension(std::string_view id) noexcept {
  for (const Extension& extension : kExtensions) {
    if (extension.id == id) return extension.table;
  }
  return nullptr;
}

}  // namespace kes::keystore
