#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "api/state.h"
#include "base/error.h"
#include "crypto/key.h"
#include "http/event_loop.h"
#include "http/server.h"

namespace kes::bench {

// The value, or its failure as an exception: nothing of a benchmark goes on without it.
template <typename T>
[[nodiscard]] T valueOf(base::Outcome<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message);
  return std::move(*outcome);
}

[[nodiscard]] keystore::StoreSettings memStoreSettings();

// What stands behind the listener: a store in memory with one key, which is in the cache, and a policy that
// lets one identity use it. The throwing kind of setting up.
class InnerServer {
 public:
  static constexpr std::string_view kKeyName = "my-key";

  explicit InnerServer(std::string identity);
  ~InnerServer();
  InnerServer(const InnerServer&) = delete;
  InnerServer& operator=(const InnerServer&) = delete;

  [[nodiscard]] std::unique_ptr<http::Handler> makeHandler();
  [[nodiscard]] static std::shared_ptr<http::EventLoop> makeLoop(std::shared_ptr<http::TlsSource> tls);

  // Nothing should go wrong with a connection; what does is told on stderr.
  static void complain(std::string_view address, std::string_view what);

  [[nodiscard]] const std::string& identity() const noexcept { return identity_; }
  [[nodiscard]] const std::shared_ptr<keystore::KeyStore>& store() const noexcept { return store_; }
  [[nodiscard]] const crypto::Key& key() const noexcept { return *key_; }
  // A ciphertext in base64 that the server can decrypt with `context`.
  [[nodiscard]] std::string seal(std::string_view plaintext, std::string_view context) const;

 private:
  void openStore();
  void publishState();

  const std::string identity_;
  const int null_;
  observe::Log log_;
  api::Context context_;
  std::shared_ptr<keystore::KeyStore> store_;
  keystore::KeyPtr key_;
};

// The bodies that clients send, for a 32-byte plaintext and the context "bucket/object".
struct Bodies {
  explicit Bodies(const InnerServer& server);

  std::string generate;
  std::string encrypt;
  std::string decrypt;
};

}  // namespace kes::bench
