#include "keystore/key_cache.h"

#include <algorithm>
#include <utility>

#include "keystore/store_error.h"

namespace kes::keystore {
namespace {

using std::chrono::nanoseconds;

// How often a caller may have a key asked for anew: failed decrypts are for anybody to make.
constexpr std::chrono::seconds kRereadInterval{1};
constexpr std::chrono::seconds kBackgroundTimeout{15};

bool isCancelled(const Call& call) noexcept {
  return call.cancelled != nullptr && call.cancelled->load(std::memory_order_acquire);
}

bool exceeds(base::SteadyTime time, base::SteadyTime since, nanoseconds limit) noexcept {
  return limit > nanoseconds::zero() && time - since >= limit;
}

base::Error cancelledError() {
  return base::Error::withCause(base::ErrorCode::outcomeUnknown, "the caller has gone");
}

base::Error impatientError(bool sent) {
  if (!sent) return notSentError("the deadline passed while the read was queued");
  return base::Error::withCause(base::ErrorCode::outcomeUnknown, "the key store did not answer in time");
}

void drop(const EntryPtr& entry) noexcept {
  entry->alive.store(false);
}

}  // namespace

// What is to be told to whom once no lock is held.
struct KeyCache::Answers {
  struct One {
    Waiter waiter;
    base::Result<KeyPtr> result;
  };
  std::vector<One> list;

  void add(Waiter waiter, base::Result<KeyPtr> result) {
    list.push_back({std::move(waiter), std::move(result)});
  }
  void send() {
    for (auto& [waiter, result] : list) waiter.done(std::move(result));
  }
};

// The read of a name that may be joined. One that is past its time may never return: it is left alone.
ReadPtr KeyCache::Shard::openReadLocked(std::string_view name, base::SteadyTime time) {
  const auto it = std::find_if(reads.begin(), reads.end(), [&](const ReadPtr& read) {
    return read->state_ == KeyRead::State::open && read->name_ == name;
  });
  if (it == reads.end()) return nullptr;
  if ((*it)->deadline() > time) return *it;
  (*it)->state_ = KeyRead::State::left;
  return nullptr;
}

// Returned, so that the key's memory is wiped outside the lock.
EntryPtr KeyCache::Shard::dropLocked(std::string_view name, Eviction why) {
  const auto it = entries.find(name);
  if (it == entries.end()) return nullptr;
  EntryPtr entry = std::move(it->second);
  entries.erase(it);
  drop(entry);
  countLocked(why);
  return entry;
}

bool KeyCache::isOver(const CacheEntry& entry, base::SteadyTime time) const noexcept {
  const auto readAt = entry.readAt.load(std::memory_order_relaxed);
  if (settings_.offline > nanoseconds::zero() && availability_.offline()) {
    return exceeds(time, readAt, settings_.offline);
  }
  const auto usedAt = entry.usedAt.load(std::memory_order_relaxed);
  return exceeds(time, readAt, settings_.any) || exceeds(time, usedAt, settings_.unused);
}

// In use is what was used since the store last confirmed it.
bool KeyCache::isDue(const CacheEntry& entry, base::SteadyTime time) const noexcept {
  const auto readAt = entry.readAt.load(std::memory_order_relaxed);
  if (entry.usedAt.load(std::memory_order_relaxed) <= readAt) return false;
  return exceeds(time, std::max(readAt, entry.triedAt), settings_.revalidate);
}

EntryPtr KeyCache::liveLocked(Shard& shard, std::string_view name, base::SteadyTime time) {
  const auto it = shard.entries.find(name);
  if (it == shard.entries.end()) return nullptr;
  if (!isOver(*it->second, time)) return it->second;
  shard.dropLocked(name, Eviction::expired);
  return nullptr;
}

EntryPtr KeyCache::lookup(std::string_view name) {
  const auto time = now_();
  Shard& shard = shardOf(name);
  const std::lock_guard lock(shard.mutex);
  return liveLocked(shard, name, time);
}

// What can be said without asking the store.
std::optional<base::Result<KeyPtr>> KeyCache::answerLocked(Shard& shard, std::string_view name,
                                                           Freshness freshness, base::SteadyTime time) {
  const EntryPtr entry = liveLocked(shard, name, time);
  if (entry == nullptr) return std::nullopt;
  if (freshness == Freshness::anew) {
    if (time - entry->readAt.load(std::memory_order_relaxed) >= kRereadInterval) {
      if (time - entry->triedAt >= kRereadInterval || shard.openReadLocked(name, time) != nullptr)
        return std::nullopt;
      return base::Result<KeyPtr>(
          std::unexpect,
          base::Error::withCause(base::ErrorCode::readFailed, "the key could not be read a moment ago"));
    }
  }
  entry->usedAt.store(time, std::memory_order_relaxed);
  ++shard.hits;
  return entry->key;
}

ReadPtr KeyCache::fetch(std::string_view name, Waiter waiter, Freshness freshness) {
  const auto time = now_();
  Shard& shard = shardOf(name);
  std::unique_lock lock(shard.mutex);
  if (auto answer = answerLocked(shard, name, freshness, time)) {
    lock.unlock();
    waiter.done(std::move(*answer));
    return nullptr;
  }
  ++shard.misses;
  if (const ReadPtr read = shard.openReadLocked(name, time)) {
    if (!read->sent_) read->deadline_ = std::max(read->deadline(), waiter.call.deadline);
    read->waiters_.push_back(std::move(waiter));
    return nullptr;
  }
  auto read = std::make_shared<KeyRead>(std::string(name), false, waiter.call.deadline);
  read->waiters_.push_back(std::move(waiter));
  shard.reads.push_back(read);
  if (const auto it = shard.entries.find(name); it != shard.entries.end()) it->second->triedAt = time;
  return read;
}

// Answers those who do not wait any longer. A read that nobody waits for is left alone, unless it makes sense
// by itself; whoever comes later starts a new one.
void KeyCache::removeImpatientLocked(KeyRead& read, base::SteadyTime time, Answers& answers) {
  const auto impatient = std::partition(
      read.waiters_.begin(), read.waiters_.end(),
      [&](const Waiter& waiter) { return waiter.call.deadline > time && !isCancelled(waiter.call); });
  for (auto waiter = impatient; waiter != read.waiters_.end(); ++waiter) {
    auto error = isCancelled(waiter->call) ? cancelledError() : impatientError(read.sent_);
    answers.add(std::move(*waiter), std::unexpected(std::move(error)));
  }
  read.waiters_.erase(impatient, read.waiters_.end());

  const bool overdue = read.deadline() <= time;
  if (!read.waiters_.empty() || (read.background_ && !overdue)) return;
  if (read.state_ == KeyRead::State::open) read.state_ = KeyRead::State::left;
  if (!overdue) read.cancelled_->store(true, std::memory_order_release);
}

std::optional<Call> KeyCache::begin(const ReadPtr& read) {
  const auto time = now_();
  Shard& shard = shardOf(read->name_);
  Answers answers;
  std::optional<Call> call;
  {
    const std::lock_guard lock(shard.mutex);
    removeImpatientLocked(*read, time, answers);
    if (read->waiters_.empty() && !read->background_) {
      std::erase(shard.reads, read);
    } else {
      read->sent_ = true;
      const auto requestId = read->waiters_.empty() ? 0 : read->waiters_.front().call.requestId;
      call = Call{read->deadline(), requestId, read->cancelled_};
    }
  }
  answers.send();
  return call;
}

// The effect of a read on the cache, and the answer to those who waited.
base::Result<KeyPtr> KeyCache::takeInLocked(Shard& shard, const KeyRead& read,
                                            const base::Result<FreshKey>& result, EntryPtr& dropped) {
  const bool open = read.state_ == KeyRead::State::open;
  if (!result) {
    if (open && result.error().code() == base::ErrorCode::keyNotFound)
      dropped = shard.dropLocked(read.name_, Eviction::changed);
    return std::unexpected(result.error());
  }
  const auto time = now_();
  const auto it = shard.entries.find(read.name_);
  // An overtaken read must not bring back a deleted key, and one that was left, not an older key than a
  // later read brought.
  const bool mayInsert = open || (read.state_ == KeyRead::State::left && it == shard.entries.end());
  if (!mayInsert || closed_.load(std::memory_order_acquire)) return result->key;
  if (it != shard.entries.end() && it->second->digest == result->digest) {
    it->second->readAt.store(time, std::memory_order_relaxed);
    if (!read.waiters_.empty()) it->second->usedAt.store(time, std::memory_order_relaxed);
    return it->second->key;
  }
  const auto usedAt = it == shard.entries.end() ? time : it->second->usedAt.load(std::memory_order_relaxed);
  dropped = shard.dropLocked(read.name_, Eviction::changed);
  auto entry = std::make_shared<CacheEntry>(*result, time);
  if (read.waiters_.empty()) entry->usedAt.store(usedAt, std::memory_order_relaxed);
  shard.entries.emplace(read.name_, std::move(entry));
  return result->key;
}

void KeyCache::settle(const ReadPtr& read, const base::Result<FreshKey>& result) {
  Shard& shard = shardOf(read->name_);
  EntryPtr dropped;
  Answers answers;
  {
    const std::lock_guard lock(shard.mutex);
    const auto answer = takeInLocked(shard, *read, result, dropped);
    std::erase(shard.reads, read);
    for (auto& waiter : read->waiters_) answers.add(std::move(waiter), answer);
    read->waiters_.clear();
  }
  answers.send();
}

std::vector<Waiter> KeyCache::settleLate(const ReadPtr& read, const base::Error& error) {
  Shard& shard = shardOf(read->name_);
  const auto time = now_();
  std::vector<Waiter> patient;
  Answers answers;
  {
    const std::lock_guard lock(shard.mutex);
    std::erase(shard.reads, read);
    for (auto& waiter : read->waiters_) {
      if (waiter.call.deadline > std::max(time, read->deadline()) && !isCancelled(waiter.call)) {
        patient.push_back(std::move(waiter));
      } else {
        answers.add(std::move(waiter), std::unexpected(error));
      }
    }
    read->waiters_.clear();
  }
  answers.send();
  return patient;
}

void KeyCache::abandon(const ReadPtr& read, const base::Error& error) {
  Shard& shard = shardOf(read->name_);
  Answers answers;
  {
    const std::lock_guard lock(shard.mutex);
    if (read->state_ == KeyRead::State::open) read->state_ = KeyRead::State::left;
    read->cancelled_->store(true, std::memory_order_release);
    for (auto& waiter : read->waiters_) answers.add(std::move(waiter), std::unexpected(error));
    read->waiters_.clear();
  }
  answers.send();
}

void KeyCache::invalidate(std::string_view name) {
  Shard& shard = shardOf(name);
  EntryPtr dropped;
  const std::lock_guard lock(shard.mutex);
  dropped = shard.dropLocked(name, Eviction::written);
  for (const auto& read : shard.reads) {
    if (read->name_ == name) read->state_ = KeyRead::State::overtaken;
  }
}

void KeyCache::close() {
  closed_.store(true, std::memory_order_release);
  for (auto& shard : shards_) {
    NameMap<EntryPtr> dropped;
    const std::lock_guard lock(shard.mutex);
    dropped.swap(shard.entries);
    for (const auto& [name, entry] : dropped) drop(entry);
  }
}

std::vector<ReadPtr> KeyCache::sweep(std::size_t maxReads) {
  const auto time = now_();
  const bool verify = !availability_.offline();
  std::vector<ReadPtr> due;
  for (auto& shard : shards_) {
    Answers answers;
    std::vector<EntryPtr> dropped;
    {
      const std::lock_guard lock(shard.mutex);
      std::erase_if(shard.entries, [&](auto& item) {
        auto& [name, entry] = item;
        if (isOver(*entry, time)) {
          drop(entry);
          shard.countLocked(Eviction::expired);
          dropped.push_back(std::move(entry));
          return true;
        }
        if (verify && due.size() < maxReads && isDue(*entry, time) &&
            shard.openReadLocked(name, time) == nullptr) {
          entry->triedAt = time;
          due.push_back(std::make_shared<KeyRead>(name, true, time + kBackgroundTimeout));
          shard.reads.push_back(due.back());
        }
        return false;
      });
      for (const auto& read : shard.reads) removeImpatientLocked(*read, time, answers);
    }
    answers.send();
  }
  return due;
}

std::shared_ptr<HitCounter> KeyCache::addView() {
  auto counter = std::make_shared<HitCounter>();
  const std::lock_guard lock(viewsMutex_);
  views_.push_back(counter);
  return counter;
}

void KeyCache::removeView(const std::shared_ptr<HitCounter>& counter) {
  const std::lock_guard lock(viewsMutex_);
  hitsOfFormerViews_ += counter->hits.load(std::memory_order_relaxed);
  std::erase(views_, counter);
}

KeyCache::Counts KeyCache::counts() const {
  Counts counts;
  const auto time = now_();
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    counts.hits += shard.hits;
    counts.misses += shard.misses;
    for (std::size_t why = 0; why < kEvictions; ++why) counts.evicted[why] += shard.evicted[why];
    counts.entries += shard.entries.size();
    for (const auto& [name, entry] : shard.entries) {
      counts.oldest = std::max(counts.oldest, time - entry->readAt.load(std::memory_order_relaxed));
    }
  }
  const std::lock_guard lock(viewsMutex_);
  counts.hits += hitsOfFormerViews_;
  for (const auto& view : views_) counts.hits += view->hits.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace kes::keystore
