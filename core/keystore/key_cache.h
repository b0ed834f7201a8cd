#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/sha256.h"
#include "keystore/availability.h"
#include "keystore/keystore.h"
#include "keystore/worker_pool.h"

namespace kes::keystore {

// Hashes names without copying them.
struct NameHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view name) const noexcept {
    return std::hash<std::string_view>()(name);
  }
};
template <typename T>
using NameMap = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

// A key as read from the store.
struct FreshKey {
  KeyPtr key;
  base::Sha256 digest;  // of the blob, to tell whether it has changed without keeping it
};

// A key in the cache, shared with the views. Who holds one uses it for as long as it is alive; the flag is
// written only when the entry is dropped, so that reading it costs nothing (docs/decisions/0003).
struct CacheEntry {
  CacheEntry(FreshKey fresh, base::SteadyTime time)
      : key(std::move(fresh.key)), digest(fresh.digest), readAt(time), usedAt(time), triedAt(time) {}

  const KeyPtr key;
  const base::Sha256 digest;
  std::atomic<bool> alive{true};
  std::atomic<base::SteadyTime> readAt;  // when the store last confirmed it
  std::atomic<base::SteadyTime> usedAt;
  base::SteadyTime triedAt;  // when it was last asked for anew; guarded by the cache
};
using EntryPtr = std::shared_ptr<CacheEntry>;

// Somebody who waits for a key.
struct Waiter {
  Call call;
  Done<KeyPtr> done;
};

// One read of a key from the store, for any number of waiters.
class KeyRead {
 public:
  KeyRead(std::string name, bool background, base::SteadyTime deadline)
      : name_(std::move(name)), background_(background), deadline_(deadline) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // Nobody needs to wait for it to make sense.
  [[nodiscard]] bool background() const noexcept { return background_; }
  // The latest deadline of those who waited when it was sent, or who wait for it to be sent.
  [[nodiscard]] base::SteadyTime deadline() const noexcept {
    return deadline_.load(std::memory_order_relaxed);
  }
  // All who waited have gone before the deadline.
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_->load(std::memory_order_acquire); }

 private:
  friend class KeyCache;
  enum class State : std::uint8_t {
    open,       // more waiters may join
    left,       // nobody waits any more, or too long already
    overtaken,  // the key was created or deleted since: what it reads may be out of date
  };

  const std::string name_;
  const bool background_;
  std::atomic<base::SteadyTime> deadline_;
  const std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  // Guarded by the cache:
  std::vector<Waiter> waiters_;
  State state_ = State::open;
  bool sent_ = false;
};
using ReadPtr = std::shared_ptr<KeyRead>;

// How many keys the views found, written by one thread each.
struct alignas(64) HitCounter {
  std::atomic<std::uint64_t> hits{0};
};

// The decoded keys by name, and the reads under way. Knows when a key may be used, when it has to be read
// anew and who waits for it, but calls no store. There are no entries for keys that do not exist.
// Thread-safe; never blocks but for short locks, and never calls a `done` while it holds one.
class KeyCache {
 public:
  enum class Freshness : std::uint8_t {
    cached,  // whatever the cache may answer
    anew,    // as KeyStore::reread
  };

  KeyCache(const CacheSettings& settings, const Availability& availability, Clock now)
      : settings_(settings), availability_(availability), now_(std::move(now)) {}

  // The live entry of a name, or null. Does not count as a use.
  [[nodiscard]] EntryPtr lookup(std::string_view name);
  [[nodiscard]] base::SteadyTime now() const { return now_(); }

  // Answers `waiter`, or has it wait for a read under way, or returns a new read which it waits for: then the
  // caller must have it sent (begin, then settle) or settle it unsent.
  [[nodiscard]] ReadPtr fetch(std::string_view name, Waiter waiter, Freshness freshness);

  // The call to send for `read`, or nothing when nobody waits for it any more; it is settled then.
  [[nodiscard]] std::optional<Call> begin(const ReadPtr& read);
  // Takes in what was read and answers those who wait.
  void settle(const ReadPtr& read, const base::Result<FreshKey>& result);
  // The same after the read ran out of time: returns the waiters who have more time than it had.
  [[nodiscard]] std::vector<Waiter> settleLate(const ReadPtr& read, const base::Error& error);
  // Answers those who wait for a read that does not come back.
  void abandon(const ReadPtr& read, const base::Error& error);

  // Drops the entry of a name, now: no read that has begun before brings it back.
  void invalidate(std::string_view name);
  // Drops everything and takes in nothing more.
  void close();

  // Drops the entries whose time is over, answers the waiters who ran out of patience, and returns up to
  // `maxReads` new background reads of keys in use that are due to be verified; send or settle them.
  [[nodiscard]] std::vector<ReadPtr> sweep(std::size_t maxReads);

  [[nodiscard]] std::shared_ptr<HitCounter> addView();
  void removeView(const std::shared_ptr<HitCounter>& counter);

  struct Counts {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::array<std::uint64_t, kEvictions> evicted{};
    std::uint64_t entries = 0;
    std::chrono::nanoseconds oldest{0};
  };
  [[nodiscard]] Counts counts() const;

 private:
  static constexpr std::size_t kShards = 16;

  struct Shard {
    mutable std::mutex mutex;
    NameMap<EntryPtr> entries;
    std::vector<ReadPtr> reads;  // not settled yet; as many as the pool takes, so few
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::array<std::uint64_t, kEvictions> evicted{};

    void countLocked(Eviction why) noexcept { ++evicted[static_cast<std::size_t>(why)]; }
    [[nodiscard]] ReadPtr openReadLocked(std::string_view name, base::SteadyTime time);
    EntryPtr dropLocked(std::string_view name, Eviction why);
  };
  struct Answers;

  [[nodiscard]] Shard& shardOf(std::string_view name) noexcept { return shards_[NameHash()(name) % kShards]; }
  [[nodiscard]] bool isOver(const CacheEntry& entry, base::SteadyTime time) const noexcept;
  [[nodiscard]] bool isDue(const CacheEntry& entry, base::SteadyTime time) const noexcept;
  [[nodiscard]] EntryPtr liveLocked(Shard& shard, std::string_view name, base::SteadyTime time);
  [[nodiscard]] std::optional<base::Result<KeyPtr>> answerLocked(Shard& shard, std::string_view name,
                                                                 Freshness freshness, base::SteadyTime time);
  [[nodiscard]] base::Result<KeyPtr> takeInLocked(Shard& shard, const KeyRead& read,
                                                  const base::Result<FreshKey>& result, EntryPtr& dropped);
  static void removeImpatientLocked(KeyRead& read, base::SteadyTime time, Answers& answers);

  const CacheSettings settings_;
  const Availability& availability_;
  const Clock now_;
  std::array<Shard, kShards> shards_;
  std::atomic<bool> closed_{false};

  mutable std::mutex viewsMutex_;
  std::vector<std::shared_ptr<HitCounter>> views_;
  std::uint64_t hitsOfFormerViews_ = 0;
};

}  // namespace kes::keystore
