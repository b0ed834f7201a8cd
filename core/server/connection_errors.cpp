#include "server/connection_errors.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace kes::server {
namespace {

using observe::level::kInfo;

constexpr unsigned kShownPerSecond = 20;

}  // namespace

void ConnectionErrors::report(std::string_view address, std::string_view what, base::SteadyTime now) {
  if (!log_.errorEnabled(kInfo)) return;
  const auto leftOut = admit(now);
  if (!leftOut) return;
  if (*leftOut > 0) log_.error(kInfo, fmt::format("http: {} connection errors are not shown", *leftOut));
  log_.error(kInfo, address.empty() ? fmt::format("http: {}", what)
                                    : fmt::format("http: connection error from {}: {}", address, what));
}

std::optional<std::uint64_t> ConnectionErrors::admit(base::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    shown_ = 0;
  }
  if (shown_ == kShownPerSecond) {
    ++leftOut_;
    return std::nullopt;
  }
  ++shown_;
  return std::exchange(leftOut_, 0);
}

}  // namespace kes::server
