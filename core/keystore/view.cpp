#include "keystore/key_cache.h"
#include "keystore/keystore.h"

namespace kes::keystore {

KeyStore::~KeyStore() = default;

struct KeyStore::View::State {
  // `used` is this loop's own: the shared stamp is written at the first use after each sweep only.
  struct Slot {
    EntryPtr entry;
    bool used = false;
  };

  explicit State(std::shared_ptr<KeyStore> s) : store(std::move(s)), cache(store->cache()) {
    if (cache != nullptr) counter = cache->addView();
  }
  ~State() {
    if (cache != nullptr) cache->removeView(counter);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const crypto::Key* find(std::string_view name) {
    if (const auto it = slots.find(name); it != slots.end()) {
      if (it->second.entry->alive.load(std::memory_order_acquire)) return hit(it->second);
      found = nullptr;
      slots.erase(it);
    }
    return adopt(name);
  }

  const crypto::Key* hit(Slot& slot) {
    found = slot.entry.get();
    // This loop is the only writer: no read-modify-write needed.
    counter->hits.store(counter->hits.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (!slot.used) {
      slot.used = true;
      found->usedAt.store(cache->now(), std::memory_order_relaxed);
    }
    return found->key.get();
  }

  const crypto::Key* adopt(std::string_view name) {
    if (cache == nullptr) return nullptr;
    EntryPtr entry = cache->lookup(name);
    if (entry == nullptr) return nullptr;
    return hit(slots.emplace(std::string(name), Slot{std::move(entry)}).first->second);
  }

  const std::shared_ptr<KeyStore> store;
  const std::shared_ptr<KeyCache> cache;
  std::shared_ptr<HitCounter> counter;
  NameMap<Slot> slots;
  CacheEntry* found = nullptr;
};

KeyStore::View::View(std::shared_ptr<KeyStore> store) : state_(std::make_unique<State>(std::move(store))) {}
KeyStore::View::~View() = default;
KeyStore::View::View(View&&) noexcept = default;
KeyStore::View& KeyStore::View::operator=(View&&) noexcept = default;

const crypto::Key* KeyStore::View::find(std::string_view name) noexcept {
  try {
    return state_->find(name);
  } catch (const std::bad_alloc&) {
    return nullptr;  // as good as not cached
  }
}

base::SteadyTime KeyStore::View::readAt() const noexcept {
  return state_->found == nullptr ? base::SteadyTime()
                                  : state_->found->readAt.load(std::memory_order_relaxed);
}

void KeyStore::View::sweep() {
  state_->found = nullptr;
  std::erase_if(state_->slots,
                [](const auto& item) { return !item.second.entry->alive.load(std::memory_order_acquire); });
  for (auto& [name, slot] : state_->slots) slot.used = false;
}

}  // namespace kes::keystore
