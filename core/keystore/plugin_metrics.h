#pragma once

#include <kes/ext/metrics.h>

#include <string_view>

namespace kes::keystore {

// The metric of a plugin by name, made on first use; null as kes_ext_metrics_v0.find says. Thread-safe.
[[nodiscard]] kes_metric_v0* findMetric(std::string_view pluginId, std::int32_t kind, std::string_view name,
                                        std::string_view help);
void addToMetric(kes_metric_v0* metric, std::int64_t delta) noexcept;
void setMetric(kes_metric_v0* metric, std::int64_t value) noexcept;

}  // namespace kes::keystore
