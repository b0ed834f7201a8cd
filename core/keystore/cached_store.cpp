#include "keystore/cached_store.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/blocked_signals.h"
#include "keystore/store_calls.h"
#include "keystore/store_core.h"
#include "keystore/store_error.h"

namespace kes::keystore {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// Lifetimes are kept to within a quarter of themselves, as far as that is not a waste.
nanoseconds housekeepingInterval(const CacheSettings& settings) {
  nanoseconds interval = milliseconds(500);
  for (const auto lifetime : {settings.any, settings.unused, settings.offline, settings.revalidate}) {
    if (lifetime > nanoseconds::zero()) interval = std::min(interval, lifetime / 4);
  }
  return std::max<nanoseconds>(interval, milliseconds(20));
}

// Only reads may be called off.
Call uncancellable(Call call) {
  call.cancelled = nullptr;
  return call;
}

// Whether the store may hold something else under the name now than it did before.
bool mayHaveChanged(const base::Result<void>& result) {
  return result || result.error().code() == base::ErrorCode::outcomeUnknown;
}

}  // namespace

class CachedStore::Housekeeper {
 public:
  Housekeeper(std::shared_ptr<StoreCore> core, nanoseconds interval) {
    const base::AllSignalsBlocked guard;
    thread_ = std::thread([core = std::move(core), bell = bell_, interval] {
      std::unique_lock lock(bell->mutex);
      while (!bell->rings.wait_for(lock, interval, [&] { return bell->stop; })) {
        lock.unlock();
        core->keepHouse();
        lock.lock();
      }
    });
  }

  ~Housekeeper() {
    {
      const std::lock_guard lock(bell_->mutex);
      bell_->stop = true;
    }
    bell_->rings.notify_all();
    // Whoever is answered by the housekeeper may let go of the store there and then.
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

 private:
  struct Bell {
    std::mutex mutex;
    std::condition_variable rings;
    bool stop = false;
  };
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  std::thread thread_;
};

CachedStore::CachedStore(std::unique_ptr<BlobStore> store, const Settings& settings)
    : core_(std::make_shared<StoreCore>(std::move(store), settings.cache, settings.workers, settings.now)) {
  if (!settings.housekeeper) return;
  housekeeper_ = std::make_unique<Housekeeper>(core_, housekeepingInterval(settings.cache));
}

CachedStore::~CachedStore() {
  close(base::SteadyClock::now());
}

void CachedStore::fetch(std::string_view name, const Call& call, Done<KeyPtr> done) {
  core_->fetch(name, {call, std::move(done)}, KeyCache::Freshness::cached);
}

void CachedStore::reread(std::string_view name, const Call& call, Done<KeyPtr> done) {
  core_->fetch(name, {call, std::move(done)}, KeyCache::Freshness::anew);
}

void CachedStore::create(std::string_view name, crypto::StoredKey key, const Call& call, Done<void> done) {
  const Call sent = uncancellable(call);
  auto work = [core = core_.get(), name = std::string(name), key = std::move(key), sent] {
    auto result = createKey(core->store, name, key, sent, core->now);
    if (mayHaveChanged(result)) core->cache.invalidate(name);
    return result;
  };
  core_->call<void>(sent, std::move(work), std::move(done), createError, name);
}

void CachedStore::remove(std::string_view name, const Call& call, Done<void> done) {
  const Call sent = uncancellable(call);
  auto work = [core = core_.get(), name = std::string(name), sent]() -> base::Result<void> {
    base::Result<void> result;
    if (const auto removed = core->store.remove(name, sent); !removed) {
      result = std::unexpected(removeError(name, removed.error()));
    }
    const bool isGone = !result && result.error().code() == base::ErrorCode::keyNotFound;
    if (isGone || mayHaveChanged(result)) core->cache.invalidate(name);
    return result;
  };
  core_->call<void>(sent, std::move(work), std::move(done), removeError, name);
}

void CachedStore::list(std::string_view prefix, std::string_view startAt, std::size_t maxBytes,
                       const Call& call, Done<Listing> done) {
  auto work = [core = core_.get(), prefix = std::string(prefix), startAt = std::string(startAt), maxBytes,
               call] { return listKeys(core->store, prefix, startAt, maxBytes, call); };
  core_->call<Listing>(call, std::move(work), std::move(done), listError);
}

void CachedStore::status(const Call& call, Done<nanoseconds> done) {
  if (core_->availability.offline()) return done(std::unexpected(statusError({}, core_->offlineFailure())));
  auto work = [core = core_.get(), call]() -> base::Result<nanoseconds> {
    const auto latency = core->store.status(call);
    if (!latency) return std::unexpected(statusError({}, latency.error()));
    return *latency;
  };
  core_->call<nanoseconds>(call, std::move(work), std::move(done), statusError);
}

std::string CachedStore::description() const {
  return core_->store.description();
}

StoreCounters CachedStore::counters() const {
  const auto cache = core_->cache.counts();
  const auto calls = core_->pool.counts();
  return {.hits = cache.hits,
          .misses = cache.misses,
          .evicted = cache.evicted,
          .entries = cache.entries,
          .oldest = cache.oldest,
          .threads = calls.threads,
          .queued = calls.queued,
          .running = calls.running,
          .stuck = calls.stuck,
          .waited = calls.waited,
          .refused = calls.refused,
          .offline = core_->availability.offline(),
          .operations = core_->store.statistics().snapshot()};
}

std::size_t CachedStore::close(base::SteadyTime deadline) {
  housekeeper_.reset();
  return core_->close(deadline);
}

void CachedStore::keepHouse() {
  core_->keepHouse();
}

std::shared_ptr<KeyCache> CachedStore::cache() noexcept {
  return {core_, &core_->cache};
}

}  // namespace kes::keystore
