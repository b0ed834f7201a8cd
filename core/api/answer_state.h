#pragma once

#include <cstdint>

#include "api/route.h"
#include "base/error.h"
#include "http/server.h"

namespace kes::api {

// What the tag of an exchange holds: the operation it was admitted to and one, so 0 for those refused, and
// whether its answer waits for its audit record.

inline constexpr std::uint64_t kOperationBits = 0xff;
inline constexpr std::uint64_t kAwaitsRecord = 0x100;
inline constexpr std::uint64_t kOutcomeUnknown = 0x200;

inline void setAdmitted(http::Exchange& exchange, Operation operation) noexcept {
  exchange.tag = 1 + static_cast<std::uint64_t>(operation);
}
[[nodiscard]] inline bool isAdmitted(const http::Exchange& exchange) noexcept {
  return (exchange.tag & kOperationBits) != 0;
}
[[nodiscard]] inline Operation operationOf(const http::Exchange& exchange) noexcept {
  return static_cast<Operation>((exchange.tag & kOperationBits) - 1);
}

// False for the requests by which the server is watched.
[[nodiscard]] inline bool leavesRecord(const http::Exchange& exchange) noexcept {
  if (!isAdmitted(exchange)) return true;
  const Operation operation = operationOf(exchange);
  return operation != Operation::metrics && operation != Operation::auditLog &&
         operation != Operation::errorLog;
}

inline void awaitRecord(http::Exchange& exchange, int status) noexcept {
  exchange.tag |= kAwaitsRecord;
  if (status == base::httpStatus(base::ErrorCode::outcomeUnknown)) exchange.tag |= kOutcomeUnknown;
}
[[nodiscard]] inline bool awaitsRecord(const http::Exchange& exchange) noexcept {
  return (exchange.tag & kAwaitsRecord) != 0;
}
// Of a change to the key store that may have been made.
[[nodiscard]] inline bool outcomeIsUnknown(const http::Exchange& exchange) noexcept {
  return (exchange.tag & kOutcomeUnknown) != 0;
}

}  // namespace kes::api
