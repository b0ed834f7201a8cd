#include "http/session_cache.h"

#include <utility>

namespace kes::http {

void SessionCache::add(SessionPtr session, PeerRecord client) {
  if (most_ == 0) return;
  Entries fresh;  // whatever is dropped is freed after the lock
  const auto id = idOf(session.get());
  fresh.push_back({std::string(id), std::move(session), std::move(client)});
  Entries dropped;
  const std::lock_guard lock(mutex_);
  const auto made = fresh.begin();
  entries_.splice(entries_.end(), fresh);
  const auto [place, isNew] = byId_.try_emplace(made->id, made);
  if (!isNew) {
    const auto old = place->second;
    byId_.erase(place);
    dropped.splice(dropped.end(), entries_, old);
    byId_.emplace(made->id, made);
  }
  if (entries_.size() <= most_) return;
  byId_.erase(entries_.front().id);
  dropped.splice(dropped.end(), entries_, entries_.begin());
}

std::optional<SessionCache::Found> SessionCache::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto place = byId_.find(id);
  if (place == byId_.end()) return std::nullopt;
  auto* session = place->second->session.get();
  SSL_SESSION_up_ref(session);
  return Found{SessionPtr(session), place->second->client};
}

void SessionCache::remove(std::string_view id) {
  Entries dropped;
  const std::lock_guard lock(mutex_);
  const auto place = byId_.find(id);
  if (place == byId_.end()) return;
  dropped.splice(dropped.end(), entries_, place->second);
  byId_.erase(place);
}

std::size_t SessionCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::string_view idOf(const SSL_SESSION* session) noexcept {
  unsigned size = 0;
  const auto* id = SSL_SESSION_get_id(session, &size);
  return {reinterpret_cast<const char*>(id), size};
}

}  // namespace kes::http
