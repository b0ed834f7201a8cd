#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/openssl_ptr.h"
#include "http/peer_record.h"

namespace kes::http {

// The TLS sessions that clients may resume, by session id (docs/decisions/0006). Holds a bounded number, the
// oldest go first. Thread-safe; its lock is taken once per handshake, never by a request.
class SessionCache {
 public:
  explicit SessionCache(std::size_t most) noexcept : most_(most) {}

  void add(SessionPtr session, PeerRecord client);
  struct Found {
    SessionPtr session;
    PeerRecord client;
  };
  [[nodiscard]] std::optional<Found> find(std::string_view id);
  void remove(std::string_view id);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::string id;
    SessionPtr session;
    PeerRecord client;
  };
  using Entries = std::list<Entry>;

  const std::size_t most_;
  mutable std::mutex mutex_;
  Entries entries_;                                               // oldest first
  std::unordered_map<std::string_view, Entries::iterator> byId_;  // views into the entries
};

// The id of a session, good as long as the session is.
[[nodiscard]] std::string_view idOf(const SSL_SESSION* session) noexcept;

}  // namespace kes::http
