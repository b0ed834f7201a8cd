#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "keystore/availability.h"
#include "keystore/guarded_store.h"
#include "keystore/key_cache.h"
#include "keystore/worker_pool.h"

namespace kes::keystore {

// What the calls under way need of a key store. They share it with the KeyStore and may outlive that; the
// last of them to return ends the plugin's store if close() could not.
class StoreCore : public std::enable_shared_from_this<StoreCore> {
 public:
  StoreCore(std::unique_ptr<BlobStore> blobs, const CacheSettings& settings, const WorkerPool::Limits& limits,
            Clock clock);

  // Answers `waiter` from the cache, or has the key read.
  void fetch(std::string_view name, Waiter waiter, KeyCache::Freshness freshness);

  // Has `work` done on a worker, T being void, Listing or nanoseconds. While the store is offline, what
  // `refusal` makes of the reason is the answer.
  template <typename T>
  void call(const Call& call, std::move_only_function<base::Result<T>()> work, Done<T> done,
            base::Error (*refusal)(std::string_view name, const StoreFailure& failure),
            std::string_view name = {});

  void keepHouse();
  std::size_t close(base::SteadyTime deadline);

  // Why a call is refused while the store is offline. Says that nothing was sent, whatever brought it there.
  [[nodiscard]] StoreFailure offlineFailure() const;

  const Clock now;
  Availability availability;
  GuardedStore store;
  KeyCache cache;

 private:
  class SharedRead;

  void send(const ReadPtr& read);
  void verify(const ReadPtr& read);
  void probe(base::SteadyTime time);
  [[nodiscard]] base::Error refusedError() const;

  const WorkerPool::Limits limits_;
  std::atomic<bool> closing_{false};

  std::mutex probeMutex_;
  base::SteadyTime nextProbe_;
  base::SteadyTime probeDeadline_;
  bool probeOverdue_ = false;
  std::atomic<bool> probing_{false};

 public:
  WorkerPool pool;  // last: nothing of the above may end before its jobs
};

}  // namespace kes::keystore
