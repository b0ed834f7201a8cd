#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace kes::base {

// The closed catalogue of failures a caller of the API can see. Status and text are part of the wire
// contract: clients compare both byte for byte (docs/protocol/http.md, "Errors").
enum class ErrorCode : std::uint8_t {
  notAllowed,
  keyNotFound,
  keyExists,
  policyNotFound,
  identityNotFound,
  decrypt,
  noClientCertificate,
  tooManyClientCertificates,
  invalidClientCertificate,  // 400, of what a TLS proxy forwards
  invalidName,               // 400, text given by the caller
  invalidQuery,              // 400, text given by the caller
  invalidBody,               // 400 "invalid request body"
  invalidImportBody,         // 400 "invalid import key request body"
  tooManyCiphertexts,        // 400, bulk decrypt
  invalidChange,             // 400, text given by the caller
  methodNotAllowed,          // 405, text given by the caller
  unsupportedAlgorithm,      // 406, text given by the caller
  noHmacKey,                 // 409
  tooManyRequests,           // 429
  generateFailed,            // 500
  encryptFailed,             // 500
  decryptFailed,             // 500
  internal,                  // 500
  createFailed,              // 502
  readFailed,                // 502
  deleteFailed,              // 502
  listFailed,                // 502
  storeUnavailable,          // 502
  overloaded,                // 503, nothing was sent to the key store
  auditUnavailable,          // 503, nothing was sent to the key store
  shuttingDown,              // 503
  storeUnreachable,          // 504
  outcomeUnknown,            // 504, the route's deadline passed
};

[[nodiscard]] int httpStatus(ErrorCode code) noexcept;
[[nodiscard]] std::string_view defaultMessage(ErrorCode code) noexcept;

// An expected failure as a value. `message` is what the caller of the API reads; `cause` goes to the error
// log only.
class Error {
 public:
  Error(ErrorCode code) : code_(code) {}  // NOLINT(google-explicit-constructor): an ErrorCode is an Error
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] static Error withCause(ErrorCode code, std::string cause) {
    Error error(code);
    error.cause_ = std::move(cause);
    return error;
  }

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] int status() const noexcept { return httpStatus(code_); }
  [[nodiscard]] std::string_view message() const noexcept {
    return message_.empty() ? defaultMessage(code_) : std::string_view(message_);
  }
  [[nodiscard]] const std::string& cause() const noexcept { return cause_; }
  [[nodiscard]] std::chrono::milliseconds retryAfter() const noexcept { return retryAfter_; }
  Error& setRetryAfter(std::chrono::milliseconds delay) noexcept {
    retryAfter_ = delay;
    return *this;
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::string cause_;
  std::chrono::milliseconds retryAfter_{0};
};

template <typename T>
using Result = std::expected<T, Error>;

// A failure at start-up, on reload or in a command: one text for a person, which says what was wrong, where,
// and what to do. It never reaches a client of the API.
struct Failure {
  std::string message;
};

template <typename T>
using Outcome = std::expected<T, Failure>;

[[nodiscard]] inline std::unexpected<Failure> fail(std::string message) {
  return std::unexpected(Failure{std::move(message)});
}

}  // namespace kes::base
