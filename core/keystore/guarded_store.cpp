#include "keystore/guarded_store.h"

#include <exception>
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

// A call that was given up says nothing about the store when it fails.
template <typename T>
StoreResult<T> GuardedStore::observed(StoreResult<T> result, const Call& call) {
  if (result) {
    availability_.succeeded();
  } else if (!isCancelled(call)) {
    availability_.failed(result.error());
  }
  return result;
}

StoreResult<void> GuardedStore::create(std::string_view name, base::ByteView blob, const Call& call) {
  return observed(guarded(StoreError::outcomeUnknown, [&] { return store_->create(name, blob, call); }),
                  call);
}

StoreResult<base::Secret> GuardedStore::get(std::string_view name, const Call& call) {
  return observed(guarded(StoreError::internal, [&] { return store_->get(name, call); }), call);
}

StoreResult<void> GuardedStore::remove(std::string_view name, const Call& call) {
  return observed(guarded(StoreError::outcomeUnknown, [&] { return store_->remove(name, call); }), call);
}

StoreResult<void> GuardedStore::list(std::string_view prefix, const Call& call,
                                     const std::function<bool(std::string_view)>& emit) {
  return observed(guarded(StoreError::internal, [&] { return store_->list(prefix, call, emit); }), call);
}

StoreResult<std::chrono::nanoseconds> GuardedStore::status(const Call& call) {
  return observed(guarded(StoreError::internal, [&] { return store_->status(call); }), call);
}

void GuardedStore::probe(const Call& call) {
  const auto result = guarded(StoreError::internal, [&] { return store_->status(call); });
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
