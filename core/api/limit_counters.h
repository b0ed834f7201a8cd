#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "api/state.h"
#include "http/server.h"

namespace kes::api {

// How often one limit was reached since the server was started, or for those of the key store since that was
// opened. To be shown as kes_limit_reached_total{limit="<name>"}.
struct LimitCounter {
  std::string_view name;  // its key in the section `limits:` of the configuration, if it has one
  std::string_view help;  // what each count stands for
  std::uint64_t value;
};

// Every limit there is. [any-thread]
[[nodiscard]] std::vector<LimitCounter> limitCounters(const http::Counters& http, const Context& context);

}  // namespace kes::api
