#include "http/server.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>

#include "base/blocked_signals.h"
#include "http/event_loop.h"
#include "http/handshaker.h"
#include "http/listener.h"
#include "http/tls_context.h"
#include "http/tls_library.h"
#include "http/usable_cpus.h"

namespace kes::http {
namespace {

// What one loop may take of the memory for bodies without asking the others.
constexpr std::size_t kLargestBodyStep = 1024 * 1024;

// How much less a handshake counts than a request where both want the same CPU: about a tenth.
constexpr int kHandshakerNice = 10;

void yieldToOthers() noexcept {
  const auto self = static_cast<id_t>(::gettid());
  ::setpriority(PRIO_PROCESS, self, std::min(::getpriority(PRIO_PROCESS, self) + kHandshakerNice, 19));
}

class LoopServer final : public Server {
 public:
  LoopServer(std::unique_ptr<Listener> listener, std::shared_ptr<const TlsContext> tls)
      : listener_(std::move(listener)), tls_(std::make_shared<TlsSource>(std::move(tls))) {}
  ~LoopServer() override { stop(base::SteadyClock::now()); }

  void run(const ServerSettings& settings, const HandlerFactory& handlers);

  std::uint16_t port() const noexcept override { return listener_->port(); }
  std::size_t loops() const noexcept override { return loops_.size(); }
  Counters counters() const noexcept override;
  CertificateExpiry certificateExpiry() const noexcept override { return tls_->current()->expiry(); }
  base::Outcome<void> updateTls(const TlsSettings& tls,
                                std::shared_ptr<const PeerVerifier> verifier) override;
  void stop(base::SteadyTime deadline) override;

 private:
  void startLoop(EventLoop& loop, std::size_t index, const HandlerFactory& handlers);
  void startHandshaker(Handshaker& handshaker, std::size_t index);

  std::unique_ptr<Listener> listener_;
  std::shared_ptr<TlsSource> tls_;
  std::shared_ptr<ConnectionQuotas> quotas_;
  std::vector<std::shared_ptr<EventLoop>> loops_;
  std::vector<std::unique_ptr<Handshaker>> handshakers_;
  std::vector<std::thread> loopThreads_;
  std::vector<std::thread> handshakerThreads_;
};

void LoopServer::run(const ServerSettings& settings, const HandlerFactory& handlers) {
  const auto count = settings.loops == 0 ? usableCpus() : settings.loops;
  const auto memory = std::make_shared<BodyMemory>(settings.limits.bodyTotal);
  const auto step = std::min(kLargestBodyStep, settings.limits.bodyTotal / (16 * count));
  std::vector<EventLoop*> all;
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(
        std::make_shared<EventLoop>(settings.limits, tls_, memory, step, settings.onConnectionError));
    all.push_back(loops_.back().get());
    startLoop(*loops_.back(), i, handlers);
  }

  quotas_ = std::make_shared<ConnectionQuotas>(
      settings.limits.connections == 0 ? connectionsAllowedByFiles() : settings.limits.connections);
  for (std::size_t i = 0; i < count; ++i) {
    handshakers_.push_back(std::make_unique<Handshaker>(settings.limits, tls_, *listener_, quotas_, all,
                                                        settings.onConnectionError));
    startHandshaker(*handshakers_.back(), i);
  }
}

// The handler is made on its own thread, where it will live; what its making throws is thrown here.
void LoopServer::startLoop(EventLoop& loop, std::size_t index, const HandlerFactory& handlers) {
  std::promise<void> made;
  auto ready = made.get_future();
  {
    const base::AllSignalsBlocked blocked;
    loopThreads_.emplace_back([&loop, &handlers, index, made = std::move(made)]() mutable {
      pthread_setname_np(pthread_self(), ("kes-loop-" + std::to_string(index)).c_str());
      std::unique_ptr<Handler> handler;
      try {
        handler = handlers(index);
      } catch (...) {
        made.set_exception(std::current_exception());
        return;
      }
      made.set_value();
      loop.run(std::move(handler));
    });
  }
  ready.get();
}

void LoopServer::startHandshaker(Handshaker& handshaker, std::size_t index) {
  const base::AllSignalsBlocked blocked;
  handshakerThreads_.emplace_back([&handshaker, index] {
    pthread_setname_np(pthread_self(), ("kes-tls-" + std::to_string(index)).c_str());
    yieldToOthers();
    useTlsAlgorithmsOnly();
    handshaker.run();
  });
}

Counters LoopServer::counters() const noexcept {
  Counters sum;
  sum.connections = quotas_->all->taken();
  for (const auto& loop : loops_) loop->counters().addTo(sum);
  for (const auto& handshaker : handshakers_) handshaker->counters().addTo(sum);
  return sum;
}

base::Outcome<void> LoopServer::updateTls(const TlsSettings& tls,
                                          std::shared_ptr<const PeerVerifier> verifier) {
  const auto before = tls_->current();
  auto made = TlsContext::create(tls, std::move(verifier), before.get());
  if (!made) return std::unexpected(made.error());
  const auto generation = (*made)->authGeneration();
  tls_->replace(std::move(*made));
  if (generation == before->authGeneration()) return {};
  for (const auto& loop : loops_) {
    loop->post([&loop = *loop, generation] { loop.drainOlderThan(generation); });
  }
  return {};
}

void LoopServer::stop(base::SteadyTime deadline) {
  if (loopThreads_.empty()) return;
  for (const auto& handshaker : handshakers_) handshaker->stop();
  for (auto& thread : handshakerThreads_) thread.join();
  handshakerThreads_.clear();
  listener_->close();
  for (const auto& loop : loops_) {
    loop->post([&loop = *loop, deadline] { loop.stop(deadline); });
  }
  for (auto& thread : loopThreads_) thread.join();
  loopThreads_.clear();
}

}  // namespace

Deferred::Deferred(std::shared_ptr<EventLoop> loop, std::uint64_t exchange)
    : loop_(std::move(loop)), exchange_(exchange) {}

void Deferred::post(std::move_only_function<void(Exchange*)> then) {
  if (!loop_) return;
  auto& loop = *loop_;
  loop.post([&loop, exchange = exchange_, then = std::move(then)]() mutable {
    then(loop.exchanges().find(exchange));
  });
}

base::Outcome<std::unique_ptr<Server>> Server::start(const ServerSettings& settings, const TlsSettings& tls,
                                                     std::shared_ptr<const PeerVerifier> verifier,
                                                     const HandlerFactory& handlers) {
  auto context = TlsContext::create(tls, std::move(verifier), nullptr);
  if (!context) return std::unexpected(context.error());
  auto listener = Listener::bind(settings.host, settings.port);
  if (!listener) return std::unexpected(listener.error());
  auto server = std::make_unique<LoopServer>(std::move(*listener), std::move(*context));
  server->run(settings, handlers);
  return server;
}

}  // namespace kes::http
