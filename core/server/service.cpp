#include "server/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stop_token>

#include "api/handler.h"
#include "crypto/key.h"
#include "keystore/plugin_store.h"
#include "server/client_verifier.h"
#include "server/connection_errors.h"
#include "server/limits.h"
#include "server/policies.h"
#include "server/version.h"

namespace kes::server {
namespace {

using observe::level::kWarn;

// How long a call on a store that a reload has replaced may still take before it is given up.
constexpr std::chrono::seconds kRetireTimeout{20};
constexpr std::chrono::milliseconds kRetirePoll{50};
constexpr std::chrono::seconds kPredefinedKeyTimeout{30};

observe::LogSettings logSettings(const config::Config& config) {
  return {.error = config.log.error,
          .audit = config.log.audit,
          .json = config.log.json,
          .auditRequired = config.log.auditRequired};
}

base::Outcome<std::optional<observe::AuditFile>> openAuditFile(const config::Config& config) {
  if (config.log.auditFile.empty()) return std::nullopt;
  auto file = observe::AuditFile::open(config.log.auditFile);
  if (!file) return base::fail(config.file + ": log.audit_file: " + file.error().message);
  return std::optional(std::move(*file));
}

bool opensAnyRoute(const config::Config& config) {
  return std::ranges::any_of(config.api, [](const auto& entry) { return entry.second.skipAuth; });
}

http::ClientChain chainRule(config::ClientAuth mode) {
  switch (mode) {
    case config::ClientAuth::off:
      return http::ClientChain::unchecked;
    case config::ClientAuth::on:
      return http::ClientChain::verified;
    case config::ClientAuth::pinned:
      break;
  }
  return http::ClientChain::verifiedOrKnown;
}

http::TlsSettings tlsSettings(const Settings& settings) {
  http::TlsSettings tls;
  tls.key = settings.tls.pair.key.get();
  tls.certificate = settings.tls.pair.certificate.get();
  for (const crypto::Certificate& issuer : settings.tls.pair.chain) tls.chain.push_back(issuer.get());
  tls.requireClientCertificate = !opensAnyRoute(settings.config);
  tls.clientChain = chainRule(settings.config.tls.clientAuth);
  tls.trust = settings.tls.trust;
  return tls;
}

http::ServerSettings serverSettings(const Settings& settings) {
  http::ServerSettings server;
  server.host = settings.address.host;
  server.port = settings.address.port;
  server.limits = httpLimits(settings.config.limits);
  return server;
}

base::Outcome<std::shared_ptr<keystore::KeyStore>> openStore(const RunOptions& options,
                                                             const config::Config& config) {
  const keystore::StoreSettings store{.id = config.keystore.id,
                                      .configuration = config.keystore.json,
                                      .locations = config.keystore.locations,
                                      .pluginDirs = pluginSearchPath(options, config),
                                      .sha256 = config.plugin.sha256,
                                      .threads = config.limits.storeThreads,
                                      .queue = config.limits.storeQueue};
  const keystore::CacheSettings cache{.any = config.cache.any,
                                      .unused = config.cache.unused,
                                      .offline = config.cache.offline,
                                      .revalidate = config.cache.revalidate};
  return keystore::KeyStore::open(store, cache);
}

// `keys:` of the configuration: each is created unless it is there.
base::Outcome<void> createPredefinedKeys(keystore::KeyStore& store, const config::Config& config) {
  for (const config::PredefinedKey& key : config.keys) {
    std::promise<base::Result<void>> created;
    auto answer = created.get_future();
    store.create(
        key.name, crypto::generateKey(config.admin),
        {.deadline = base::SteadyClock::now() + kPredefinedKeyTimeout, .requestId = 0, .cancelled = nullptr},
        [&](base::Result<void> result) { created.set_value(std::move(result)); });
    const base::Result<void> result = answer.get();
    if (result || result.error().code() == base::ErrorCode::keyExists) continue;
    const base::Error& error = result.error();
    return base::fail(fmt::format("{}: keys: failed to create key '{}': {}", key.location.text(), key.name,
                                  error.cause().empty() ? error.message() : std::string_view(error.cause())));
  }
  return {};
}

std::shared_ptr<const api::TlsProxies> proxiesOf(const Settings& settings,
                                                 std::shared_ptr<const http::PeerVerifier> verifier) {
  const config::Tls& tls = settings.config.tls;
  if (tls.proxyIdentities.empty()) return nullptr;
  return std::make_shared<api::TlsProxies>(api::TlsProxies{.identities = tls.proxyIdentities,
                                                           .certificateHeader = tls.proxyHeader,
                                                           .clientChain = chainRule(tls.clientAuth),
                                                           .trust = settings.tls.trust,
                                                           .verifier = std::move(verifier)});
}

base::Outcome<api::State> buildState(const RunOptions& options, const config::Config& config) {
  auto policies = buildPolicies(config);
  if (!policies) return std::unexpected(policies.error());

  api::State state;
  state.policies = std::move(*policies);
  state.missesPerIdentity = config.limits.missesPerIdentity;
  state.requestRate = requestRate(config.limits);
  state.jsonDepth = static_cast<std::uint32_t>(config.limits.jsonDepth);
  for (const api::Route& route : api::routes()) {
    api::RouteSettings& settings = state.routes[static_cast<std::size_t>(route.operation)];
    settings.timeout = route.timeout;
    const auto configured = config.api.find(std::string(route.path));
    if (configured == config.api.end()) continue;
    if (configured->second.timeout.count() > 0) settings.timeout = configured->second.timeout;
    settings.skipAuth = route.openable && configured->second.skipAuth;
  }

  // Last, since it is the only part that others can see.
  auto store = openStore(options, config);
  if (!store) return std::unexpected(store.error());
  if (auto created = createPredefinedKeys(**store, config); !created) {
    (*store)->close(base::SteadyClock::now() + kRetireTimeout);
    return std::unexpected(created.error());
  }
  state.store = std::move(*store);
  return state;
}

}  // namespace

Service::Service(const Settings& settings, std::optional<observe::AuditFile> auditFile)
    : log_(logSettings(settings.config), std::move(auditFile), logStreamLimits(settings.config.limits)),
      context_{.log = log_, .version = std::string(version()), .commit = std::string(commit())},
      shutdownTimeout_(settings.config.limits.shutdown) {
  keystore::setPluginLogSink([this](int level, std::string_view plugin, std::string_view text) {
    log_.error(level, fmt::format("{}: {}", plugin, text));
  });
}

Service::~Service() {
  keystore::setPluginLogSink(nullptr);
}

base::Outcome<std::unique_ptr<Service>> Service::start(const RunOptions& options, const Settings& settings) {
  auto auditFile = openAuditFile(settings.config);
  if (!auditFile) return std::unexpected(auditFile.error());
  auto service = std::unique_ptr<Service>(new Service(settings, std::move(*auditFile)));
  auto state = buildState(options, settings.config);
  if (!state) return std::unexpected(state.error());
  api::Context& context = service->context_;
  const auto verifier = service->verifierFor(settings);
  state->proxies = proxiesOf(settings, verifier);
  context.state.publish(std::make_shared<const api::State>(*state));

  auto listener = serverSettings(settings);
  listener.onConnectionError = [errors = std::make_shared<ConnectionErrors>(service->log_)](
                                   std::string_view address, std::string_view what) {
    errors->report(address, what, base::SteadyClock::now());
  };
  auto server = http::Server::start(listener, tlsSettings(settings), verifier, [&context](std::size_t) {
    return std::make_unique<api::ApiHandler>(context);
  });
  if (!server) {
    state->store->close(base::SteadyClock::now() + kRetireTimeout);
    return std::unexpected(server.error());
  }
  service->server_ = std::move(*server);
  context.server = service->server_.get();
  return service;
}

base::Outcome<void> Service::reload(const RunOptions& options, const Settings& settings) {
  auto auditFile = openAuditFile(settings.config);
  if (!auditFile) return std::unexpected(auditFile.error());
  auto state = buildState(options, settings.config);
  if (!state) return std::unexpected(state.error());
  const auto verifier = verifierFor(settings);
  if (auto updated = server_->updateTls(tlsSettings(settings), verifier); !updated) {
    retire(state->store);
    return updated;
  }
  state->proxies = proxiesOf(settings, verifier);
  const api::Replaced old = context_.state.replace(std::move(*state));
  log_.configure(logSettings(settings.config), std::move(*auditFile));
  shutdownTimeout_ = settings.config.limits.shutdown;
  for (const std::string& lost : old.lost) log_.error(kWarn, lost);
  retire(old.state->store);
  return {};
}

base::Outcome<void> Service::reloadTls(const Settings& settings) {
  const auto verifier = verifierFor(settings);
  if (auto updated = server_->updateTls(tlsSettings(settings), verifier); !updated) return updated;
  context_.state.amend([&](api::State& state) { state.proxies = proxiesOf(settings, verifier); });
  return {};
}

std::shared_ptr<const http::PeerVerifier> Service::verifierFor(const Settings& settings) const {
  return std::make_shared<ClientVerifier>(context_.state, chainRule(settings.config.tls.clientAuth));
}

void Service::stop() {
  const auto deadline = base::SteadyClock::now() + shutdownTimeout_;
  server_->stop(deadline);
  const std::size_t left = context_.state.get()->store->close(deadline);
  if (left != 0) log_.error(kWarn, fmt::format("{} calls into the key store did not return in time", left));
  retiring_.clear();
}

void Service::retire(std::shared_ptr<keystore::KeyStore> store) {
  std::erase_if(retiring_, [](const Retiring& old) { return old.done->load(std::memory_order_acquire); });
  auto done = std::make_shared<std::atomic<bool>>(false);
  // In a thread of its own: waiting for the requests of the old state must not hold up the next signal.
  auto close = [this, store = std::move(store), done](const std::stop_token& stop) {
    const auto deadline = base::SteadyClock::now() + kRetireTimeout;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    // An event loop lets go of the old state with its next request or tick; only then can no new call come.
    while (store.use_count() > 1 && base::SteadyClock::now() < deadline && !stop.stop_requested()) {
      wake.wait_for(lock, stop, kRetirePoll, [] { return false; });
    }
    const std::size_t left = store->close(deadline);
    if (left != 0)
      log_.error(kWarn, fmt::format("{} calls into the replaced key store did not return in time", left));
    done->store(true, std::memory_order_release);
  };
  retiring_.push_back({done, std::jthread(std::move(close))});
}

}  // namespace kes::server
