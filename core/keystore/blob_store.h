#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "base/time.h"
#include "keystore/keystore.h"

namespace kes::keystore {

// What a back end answers when it cannot do as asked; the values are those of the plugin ABI
// (sdk/include/kes/plugin.h).
enum class StoreError : std::int32_t {
  exists,
  notFound,
  denied,
  invalid,
  unavailable,
  timeout,
  throttled,
  conflict,
  unsupported,
  corrupt,
  internal,
  outcomeUnknown,  // of a create or delete: it may or may not have happened
};

struct StoreFailure {
  StoreError error;
  std::string text;  // for the log; may be empty
  std::chrono::milliseconds retryAfter{0};
};

template <typename T>
using StoreResult = std::expected<T, StoreFailure>;

// The raw store of blobs behind a plugin, as blocking calls. Thread-safe unless `serial()`.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // At most one call may be inside at a time.
  [[nodiscard]] virtual bool serial() const noexcept = 0;
  // Exactly one of two racing creates wins.
  [[nodiscard]] virtual bool atomicCreate() const noexcept = 0;
  [[nodiscard]] virtual std::string description() const = 0;

  virtual StoreResult<void> create(std::string_view name, base::ByteView blob, const Call& call) = 0;
  virtual StoreResult<base::Secret> get(std::string_view name, const Call& call) = 0;
  virtual StoreResult<void> remove(std::string_view name, const Call& call) = 0;
  // Every name that starts with `prefix`, in any order; `emit` returns false to stop. Plugins page by
  // themselves.
  virtual StoreResult<void> list(std::string_view prefix, const Call& call,
                                 const std::function<bool(std::string_view)>& emit) = 0;
  virtual StoreResult<std::chrono::nanoseconds> status(const Call& call) = 0;
  // Ends the store; no call may be inside. Nothing may be called afterwards.
  virtual void close() = 0;
};

}  // namespace kes::keystore
