#pragma once

#include <memory>

#include "keystore/blob_store.h"
#include "keystore/keystore.h"
#include "keystore/worker_pool.h"

namespace kes::keystore {

class StoreCore;

// A KeyStore over any BlobStore: a cache in front, a worker pool between, its availability watched.
class CachedStore final : public KeyStore {
 public:
  struct Settings {
    CacheSettings cache;
    WorkerPool::Limits workers;  // a serial store has one thread, whatever is said here
    Clock now = &base::SteadyClock::now;
    bool housekeeper = true;  // a thread of its own; without it, the owner calls keepHouse()
  };

  CachedStore(std::unique_ptr<BlobStore> store, const Settings& settings);
  ~CachedStore() override;

  void fetch(std::string_view name, const Call& call, Done<KeyPtr> done) override;
  void reread(std::string_view name, const Call& call, Done<KeyPtr> done) override;
  void create(std::string_view name, crypto::StoredKey key, const Call& call, Done<void> done) override;
  void remove(std::string_view name, const Call& call, Done<void> done) override;
  void list(std::string_view prefix, std::string_view startAt, std::size_t maxBytes, const Call& call,
            Done<Listing> done) override;
  void status(const Call& call, Done<std::chrono::nanoseconds> done) override;

  [[nodiscard]] std::string description() const override;
  [[nodiscard]] StoreCounters counters() const override;
  // As the destructor, not to be called twice at a time.
  std::size_t close(base::SteadyTime deadline) override;

  // What has to be done from time to time: expiry, verification, probes, answers to those who waited too
  // long.
  void keepHouse();

 private:
  class Housekeeper;

  [[nodiscard]] std::shared_ptr<KeyCache> cache() noexcept override;

  std::shared_ptr<StoreCore> core_;
  std::unique_ptr<Housekeeper> housekeeper_;
};

}  // namespace kes::keystore
