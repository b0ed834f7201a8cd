#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "observe/log.h"

namespace kes::server {

// Tells the error log about connections that failed or were refused: so many a second at most, so that
// strangers cannot fill a disk. How many were left out is told with the next one shown. Thread-safe.
class ConnectionErrors {
 public:
  explicit ConnectionErrors(observe::Log& log) noexcept : log_(log) {}

  // The address may be empty.
  void report(std::string_view address, std::string_view what, base::SteadyTime now);

 private:
  // How many were left out before this one; nothing where this one is to be left out, too.
  [[nodiscard]] std::optional<std::uint64_t> admit(base::SteadyTime now);

  observe::Log& log_;
  std::mutex mutex_;
  base::SteadyTime second_{};  // when the current second began
  unsigned shown_ = 0;         // in it
  std::uint64_t leftOut_ = 0;
};

}  // namespace kes::server
