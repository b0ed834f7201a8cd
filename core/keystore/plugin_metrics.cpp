#include "keystore/plugin_metrics.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "keystore/plugin_store.h"
#include "keystore/plugin_text.h"

struct kes_metric_v0 {
  std::int32_t kind;
  std::string help;
  std::atomic<std::int64_t> value{0};
};

namespace kes::keystore {
namespace {

constexpr std::size_t kMaxNameSize = 64;

// Ordered, and never shrinking: a plugin holds pointers to the metrics.
using Metrics = std::map<std::string, kes_metric_v0, std::less<>>;

struct Registry {
  std::mutex mutex;
  std::map<std::string, Metrics, std::less<>> byPlugin;
};

Registry& registry() {
  static auto& all = *new Registry;  // never destroyed: plugins count until the very end
  return all;
}

bool isMetricName(std::string_view name) {
  const auto isLower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (name.empty() || name.size() > kMaxNameSize || !isLower(name.front())) return false;
  return std::ranges::all_of(name, [&](char c) { return isLower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

kes_metric_v0* findMetric(std::string_view pluginId, std::int32_t kind, std::string_view name,
                          std::string_view help) {
  if (!isMetricName(name) || (kind != KES_METRIC_COUNTER && kind != KES_METRIC_GAUGE)) return nullptr;
  const std::lock_guard lock(registry().mutex);
  Metrics& metrics = registry().byPlugin.try_emplace(std::string(pluginId)).first->second;
  if (const auto known = metrics.find(name); known != metrics.end()) {
    return known->second.kind == kind ? &known->second : nullptr;
  }
  if (metrics.size() >= KES_MAX_METRICS) return nullptr;
  kes_metric_v0& metric = metrics[std::string(name)];
  metric.kind = kind;
  metric.help = logText(help);
  return &metric;
}

void addToMetric(kes_metric_v0* metric, std::int64_t delta) noexcept {
  if (metric == nullptr || (metric->kind == KES_METRIC_COUNTER && delta <= 0)) return;
  metric->value.fetch_add(delta, std::memory_order_relaxed);
}

void setMetric(kes_metric_v0* metric, std::int64_t value) noexcept {
  if (metric == nullptr || metric->kind != KES_METRIC_GAUGE) return;
  metric->value.store(value, std::memory_order_relaxed);
}

std::vector<PluginMetric> pluginMetrics() {
  std::vector<PluginMetric> out;
  const std::lock_guard lock(registry().mutex);
  for (const auto& [id, metrics] : registry().byPlugin) {
    for (const auto& [name, metric] : metrics) {
      const auto kind =
          metric.kind == KES_METRIC_COUNTER ? PluginMetric::Kind::counter : PluginMetric::Kind::gauge;
      out.push_back({id, name, metric.help, kind, metric.value.load(std::memory_order_relaxed)});
    }
  }
  return out;
}

}  // namespace kes::keystore
