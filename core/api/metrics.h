#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "api/state.h"
#include "observe/metrics_text.h"

namespace kes::api {

// Which metrics a scrape asks for (docs/metrics.md). The Go client refuses an answer in which any family but
// three has more than one sample, so what is finer has to be asked for.
enum class Families : std::uint8_t { kes, all };

// By the query of a request's target; its failure is for the client.
[[nodiscard]] base::Result<Families> familiesOf(std::string_view target);

// What has been counted up to now, as text for Prometheus. [any-thread], does not block.
[[nodiscard]] std::string metricsText(const Context& context, Families families);

// The two parts of it.
void addKesMetrics(observe::MetricsText& out, const Context& context);
void addFinerMetrics(observe::MetricsText& out, const Context& context);

}  // namespace kes::api
