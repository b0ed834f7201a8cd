#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "api/state.h"
#include "base/error.h"
#include "http/server.h"
#include "server/settings.h"

namespace kes::server {

// A running server: key store, policies and listener put together. Not thread-safe: the main thread drives
// it.
class Service {
 public:
  // Opens the key store, creates the predefined keys and listens.
  [[nodiscard]] static base::Outcome<std::unique_ptr<Service>> start(const RunOptions& options,
                                                                     const Settings& settings);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Replaces everything but the address and the limits. On a failure the old state goes on serving.
  [[nodiscard]] base::Outcome<void> reload(const RunOptions& options, const Settings& settings);
  // Replaces the TLS material alone, of settings that are in force otherwise.
  [[nodiscard]] base::Outcome<void> reloadTls(const Settings& settings);
  // Serves what is in flight, at most as long as `limits.shutdown`, then closes the store.
  void stop();

  [[nodiscard]] std::uint16_t port() const noexcept { return server_->port(); }
  [[nodiscard]] std::string storeDescription() const { return context_.state.get()->store->description(); }
  [[nodiscard]] observe::Log& log() noexcept { return log_; }

 private:
  Service(const Settings& settings, std::optional<observe::AuditFile> auditFile);

  [[nodiscard]] std::shared_ptr<const http::PeerVerifier> verifierFor(const Settings& settings) const;
  void retire(std::shared_ptr<keystore::KeyStore> store);

  observe::Log log_;
  api::Context context_;
  std::unique_ptr<http::Server> server_;
  std::chrono::nanoseconds shutdownTimeout_;

  // Closes a store that a reload has replaced.
  struct Retiring {
    std::shared_ptr<std::atomic<bool>> done;
    std::jthread thread;
  };
  std::vector<Retiring> retiring_;
};

}  // namespace kes::server
