#include "keystore/guarded_store.h"

#include <exception>
#include <optional>
#include <utility>

namespace kes::keystore {
namespace {

// A plugin host bug or a lack of memory must cost one request, not the server.
template <typename F>
auto guarded(StoreError onException, F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const std::exception& e) {
    return std::unexpected(StoreFailure{onException, e.what()});
  } catch (...) {
    return std::unexpected(StoreFailure{onException, "unknown exception"});
  }
}

bool isCancelled(const Call& call) noexcept {
  return call.cancelled != nullptr && call.cancelled->load(std::memory_order_acquire);
}

}  // namespace

template <typename F>
auto GuardedStore::counted(StoreOperation operation, StoreError onException, F&& send) {
  const auto since = base::SteadyClock::now();
  auto result = guarded(onException, std::forward<F>(send));
  statistics_.add(operation, result ? std::nullopt : std::optional(result.error().error),
                  base::SteadyClock::now() - since);
  return result;
}

// A call that was given up says nothing about the store when it fails.
template <typename F>
auto GuardedStore::observed(StoreOperation operation, StoreError onException, const Call& call, F&& send) {
  auto result = counted(operation, onException, std::forward<F>(send));
  if (result) {
    availability_.succeeded();
  } else if (!isCancelled(call)) {
    availability_.failed(result.error());
  }
  return result;
}

StoreResult<void> GuardedStore::create(std::string_view name, base::ByteView blob, const Call& call) {
  return observed(StoreOperation::create, StoreError::outcomeUnknown, call,
                  [&] { return store_->create(name, blob, call); });
}

StoreResult<base::Secret> GuardedStore::get(std::string_view name, const Call& call) {
  return observed(StoreOperation::get, StoreError::internal, call, [&] { return store_->get(name, call); });
}

StoreResult<void> GuardedStore::remove(std::string_view name, const Call& call) {
  return observed(StoreOperation::remove, StoreError::outcomeUnknown, call,
                  [&] { return store_->remove(name, call); });
}

StoreResult<void> GuardedStore::list(std::string_view prefix, const Call& call,
                                     const std::function<bool(std::string_view)>& emit) {
  return observed(StoreOperation::list, StoreError::internal, call,
                  [&] { return store_->list(prefix, call, emit); });
}

StoreResult<std::chrono::nanoseconds> GuardedStore::status(const Call& call) {
  return observed(StoreOperation::status, StoreError::internal, call, [&] { return store_->status(call); });
}

void GuardedStore::probe(const Call& call) {
  const auto result =
      counted(StoreOperation::status, StoreError::internal, [&] { return store_->status(call); });
  if (result) {
    availability_.succeeded();
  } else if (!isCancelled(call)) {
    availability_.probeFailed(result.error());
  }
}

void GuardedStore::close() {
  if (std::exchange(closed_, true)) return;
  // Nobody is left who could do anything about a failure.
  (void)guarded(StoreError::internal, [&]() -> StoreResult<void> {
    store_->close();
    return {};
  });
}

}  // namespace kes::keystore
