#include "api/metrics.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace kes::api {

base::Result<Families> familiesOf(std::string_view target) {
  constexpr std::string_view kName = "families=";
  const std::size_t mark = target.find('?');
  std::string_view query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  Families families = Families::kes;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!item.starts_with(kName)) continue;
    const std::string_view value = item.substr(kName.size());
    if (value != "all" && value != "kes") {
      return std::unexpected(
          base::Error(base::ErrorCode::invalidQuery,
                      fmt::format("unknown metric families '{}': ask for 'families=all', or leave it out",
                                  base::toValidUtf8(value.substr(0, 64)))));
    }
    families = value == "all" ? Families::all : Families::kes;
  }
  return families;
}

std::string metricsText(const Context& context, Families families) {
  observe::MetricsText text;
  addKesMetrics(text, context);
  if (families == Families::all) addFinerMetrics(text, context);
  return std::move(text).take();
}

}  // namespace kes::api
