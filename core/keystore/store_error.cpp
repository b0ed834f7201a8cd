#include "keystore/store_error.h"

#include <fmt/format.h>

namespace kes::keystore {
namespace {

// What a client that may repeat its request is asked to wait.
constexpr std::chrono::seconds kRetryAfter{1};

base::Error failed(base::ErrorCode code, std::string_view what, const StoreFailure& failure) {
  std::string cause = fmt::format("{}: {}", what, storeErrorName(failure.error));
  if (!failure.text.empty()) cause += ": " + failure.text;
  auto error = base::Error::withCause(code, std::move(cause));
  error.setRetryAfter(failure.retryAfter);
  return error;
}

// Whether a create or remove may have happened although the store did not say so. A store that timed out
// should have changed nothing, but it is the store that did not answer: its word is not relied upon.
bool mayHaveHappened(StoreError error) noexcept {
  return error == StoreError::outcomeUnknown || error == StoreError::timeout;
}

}  // namespace

std::string_view storeErrorName(StoreError error) noexcept {
  switch (error) {
    case StoreError::exists:
      return "exists";
    case StoreError::notFound:
      return "not found";
    case StoreError::denied:
      return "denied";
    case StoreError::invalid:
      return "invalid";
    case StoreError::unavailable:
      return "unavailable";
    case StoreError::timeout:
      return "timeout";
    case StoreError::throttled:
      return "throttled";
    case StoreError::conflict:
      return "conflict";
    case StoreError::unsupported:
      return "unsupported";
    case StoreError::corrupt:
      return "corrupt";
    case StoreError::internal:
      return "internal";
    case StoreError::outcomeUnknown:
      return "outcome unknown";
  }
  return "unknown error";
}

base::Error readError(std::string_view name, const StoreFailure& failure) {
  const auto code =
      failure.error == StoreError::notFound ? base::ErrorCode::keyNotFound : base::ErrorCode::readFailed;
  return failed(code, fmt::format("read key '{}'", name), failure);
}

base::Error createError(std::string_view name, const StoreFailure& failure) {
  auto code = base::ErrorCode::createFailed;
  if (failure.error == StoreError::exists) code = base::ErrorCode::keyExists;
  if (mayHaveHappened(failure.error)) code = base::ErrorCode::outcomeUnknown;
  return failed(code, fmt::format("create key '{}'", name), failure);
}

base::Error removeError(std::string_view name, const StoreFailure& failure) {
  auto code = base::ErrorCode::deleteFailed;
  if (failure.error == StoreError::notFound) code = base::ErrorCode::keyNotFound;
  if (mayHaveHappened(failure.error)) code = base::ErrorCode::outcomeUnknown;
  return failed(code, fmt::format("delete key '{}'", name), failure);
}

base::Error listError(std::string_view /*name*/, const StoreFailure& failure) {
  return failed(base::ErrorCode::listFailed, "list keys", failure);
}

base::Error statusError(std::string_view /*name*/, const StoreFailure& failure) {
  const bool unreachable = failure.error == StoreError::unavailable || failure.error == StoreError::timeout;
  return failed(unreachable ? base::ErrorCode::storeUnreachable : base::ErrorCode::storeUnavailable,
                "ask for the status", failure);
}

base::Error notSentError(std::string cause) {
  auto error = base::Error::withCause(base::ErrorCode::overloaded, std::move(cause));
  error.setRetryAfter(kRetryAfter);
  return error;
}

}  // namespace kes::keystore
