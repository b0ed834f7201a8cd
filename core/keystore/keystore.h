#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/latency_histogram.h"
#include "base/secret.h"
#include "base/source_map.h"
#include "base/time.h"
#include "crypto/key.h"

namespace kes::keystore {

// Which plugin to open, and how. The strings may hold secrets: never log them.
struct StoreSettings {
  std::string id;                       // [a-z][a-z0-9-]{0,31}, looked up as exactly <dir>/<id>.so
  std::string configuration;            // canonical JSON for the plugin
  base::SourceMap locations;            // file and line of each value of `configuration`
  std::vector<std::string> pluginDirs;  // search path, first hit wins
  std::string sha256;                   // expected hash of the shared object; empty = any
  std::size_t threads = 16;             // most calls inside the plugin at once
  std::size_t queue = 1024;             // most calls waiting
};

// Key lifetimes in the cache (docs/configuration.md, cache.expiry); 0 switches a rule off.
struct CacheSettings {
  std::chrono::nanoseconds any = std::chrono::minutes(5);
  std::chrono::nanoseconds unused = std::chrono::seconds(30);
  std::chrono::nanoseconds offline{0};
  std::chrono::nanoseconds revalidate = std::chrono::minutes(1);
};

// What every call carries into the store.
struct Call {
  base::SteadyTime deadline;  // after it the answer is not awaited any more
  std::uint64_t requestId = 0;
  std::shared_ptr<const std::atomic<bool>> cancelled;  // may be null; reads only, never create or delete
};

// Called exactly once, on a worker thread or on the calling one, also after the deadline (the effect of a
// late call is real even where nobody waits for its answer). It must neither block nor throw.
template <typename T>
using Done = std::move_only_function<void(base::Result<T>)>;

using KeyPtr = std::shared_ptr<const crypto::Key>;

struct Listing {
  std::vector<std::string> names;  // bytewise ascending
  std::string continueAt;          // where the next page starts (see list()), empty at the end
};

// What is asked of a back end.
enum class StoreOperation : std::uint8_t { create, get, remove, list, status };
inline constexpr std::size_t kStoreOperations = 5;
// "ok", and one for each StoreError.
inline constexpr std::size_t kStoreOutcomes = 13;
[[nodiscard]] std::string_view storeOperationName(StoreOperation operation) noexcept;
[[nodiscard]] std::string_view storeOutcomeName(std::size_t outcome) noexcept;  // "not_found"

// The calls of one kind into a back end.
struct OperationCounters {
  base::LatencyHistogram::Snapshot duration;
  std::array<std::uint64_t, kStoreOutcomes> outcomes{};
};

// Why a key left the cache.
enum class Eviction : std::uint8_t {
  expired,  // its time was over
  changed,  // the store has another one under its name, or none
  written,  // this server created or deleted it
};
inline constexpr std::size_t kEvictions = 3;

// What the metrics tell about the store, counted since it was opened.
struct StoreCounters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::array<std::uint64_t, kEvictions> evicted{};  // by Eviction
  std::uint64_t entries = 0;
  std::chrono::nanoseconds oldest{0};  // since the store confirmed the entry of which that is longest ago
  std::uint64_t threads = 0;
  std::uint64_t queued = 0;
  std::uint64_t running = 0;
  std::uint64_t stuck = 0;    // calls inside the plugin past their deadline
  std::uint64_t waited = 0;   // calls that had to wait, because all threads were taken
  std::uint64_t refused = 0;  // calls for which the queue had no room
  bool offline = false;
  std::array<OperationCounters, kStoreOperations> operations{};
};

class KeyCache;

// The keys of a server: the opened plugin behind a cache and a bounded pool of workers.
// Thread-safe. No member function but `open`, `close` and the destructor blocks.
class KeyStore {
 public:
  // Loads the plugin and opens its store. Blocks. The failure names the file and line to mend.
  [[nodiscard]] static base::Outcome<std::shared_ptr<KeyStore>> open(const StoreSettings& store,
                                                                     const CacheSettings& cache);
  virtual ~KeyStore();

  // One event loop's way to the cached keys. Not thread-safe: each loop owns its own. A hit touches no memory
  // that another thread writes, but for a stamp of last use at most once a second.
  class View {
   public:
    explicit View(std::shared_ptr<KeyStore> store);
    ~View();
    View(View&&) noexcept;
    View& operator=(View&&) noexcept;

    // The key, or null when it is not cached. The pointer is good until the next call of this view.
    [[nodiscard]] const crypto::Key* find(std::string_view name) noexcept;
    // Since when the entry that find() just returned has been in the cache unverified.
    [[nodiscard]] base::SteadyTime readAt() const noexcept;
    // Lets go of dead entries; to be called about once a second. Of each entry only the first use after a
    // sweep is noted: unswept, keys count as unused although they are not.
    void sweep();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };

  // The key by name: from the cache, or read from the store, concurrent reads of one name sharing one call.
  // Errors: keyNotFound, readFailed, storeUnreachable/outcomeUnknown, overloaded.
  virtual void fetch(std::string_view name, const Call& call, Done<KeyPtr> done) = 0;
  // As fetch, but asks the store anew if the entry is older than a second and was not re-read within the last
  // second; otherwise answers the cached key, or readFailed if that re-read failed. For a failed decrypt,
  // whose key may have been deleted and re-created elsewhere.
  virtual void reread(std::string_view name, const Call& call, Done<KeyPtr> done) = 0;
  // Acknowledged only after the store has the key durably. Errors: keyExists, createFailed, outcomeUnknown,
  // overloaded.
  virtual void create(std::string_view name, crypto::StoredKey key, const Call& call, Done<void> done) = 0;
  // Errors: keyNotFound, deleteFailed, outcomeUnknown, overloaded.
  virtual void remove(std::string_view name, const Call& call, Done<void> done) = 0;
  // The names that start with `prefix` and are not less than `startAt`, as many as fit in `maxBytes` of JSON.
  virtual void list(std::string_view prefix, std::string_view startAt, std::size_t maxBytes, const Call& call,
                    Done<Listing> done) = 0;
  // How long the store took to answer. Errors: storeUnreachable, storeUnavailable, overloaded.
  virtual void status(const Call& call, Done<std::chrono::nanoseconds> done) = 0;

  // Where the store is, for the banner: "Filesystem: /var/lib/kes".
  [[nodiscard]] virtual std::string description() const = 0;
  [[nodiscard]] virtual StoreCounters counters() const = 0;

  // Takes no new calls (they fail with shuttingDown), waits until `deadline` for those in flight, then closes
  // the plugin's store unless a call is still inside. Blocks; returns the number of calls still inside.
  virtual std::size_t close(base::SteadyTime deadline) = 0;

 protected:
  KeyStore() = default;

 private:
  // What the views read from; a store without a cache has none, and its views find nothing.
  [[nodiscard]] virtual std::shared_ptr<KeyCache> cache() noexcept { return nullptr; }
};

}  // namespace kes::keystore
