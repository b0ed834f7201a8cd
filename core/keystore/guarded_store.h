#pragma once

#include <memory>

#include "keystore/availability.h"
#include "keystore/blob_store.h"
#include "keystore/store_statistics.h"

namespace kes::keystore {

// A store whose every call is counted and told to the Availability, and from which no exception escapes.
// Closes the store when it dies, at the latest.
class GuardedStore final : public BlobStore {
 public:
  GuardedStore(std::unique_ptr<BlobStore> store, Availability& availability)
      : store_(std::move(store)), availability_(availability) {}
  ~GuardedStore() override { close(); }

  [[nodiscard]] bool serial() const noexcept override { return store_->serial(); }
  [[nodiscard]] bool atomicCreate() const noexcept override { return store_->atomicCreate(); }
  [[nodiscard]] std::string description() const override { return store_->description(); }

  StoreResult<void> create(std::string_view name, base::ByteView blob, const Call& call) override;
  StoreResult<base::Secret> get(std::string_view name, const Call& call) override;
  StoreResult<void> remove(std::string_view name, const Call& call) override;
  StoreResult<void> list(std::string_view prefix, const Call& call,
                         const std::function<bool(std::string_view)>& emit) override;
  StoreResult<std::chrono::nanoseconds> status(const Call& call) override;
  // As status(), whose failure alone puts the store offline.
  void probe(const Call& call);
  // Once; later calls do nothing.
  void close() override;

  [[nodiscard]] const StoreStatistics& statistics() const noexcept { return statistics_; }

 private:
  template <typename F>
  auto counted(StoreOperation operation, StoreError onException, F&& send);
  template <typename F>
  auto observed(StoreOperation operation, StoreError onException, const Call& call, F&& send);

  std::unique_ptr<BlobStore> store_;
  Availability& availability_;
  StoreStatistics statistics_;
  bool closed_ = false;
};

}  // namespace kes::keystore
