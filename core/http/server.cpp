#include "http/server.h"

#include <pthread.h>

#include <csignal>
#include <future>
#include <thread>

#include "http/event_loop.h"
#include "http/listener.h"
#include "http/tls_context.h"
#include "http/usable_cpus.h"

namespace kes::http {
namespace {

// What one loop may take of the memory for bodies without asking the others.
constexpr std::size_t kLargestBodyStep = 1024 * 1024;

// Threads of the server take no signals: those belong to the main thread.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

class LoopServer final : public Server {
 public:
  LoopServer(std::unique_ptr<Listener> listener, std::shared_ptr<const TlsContext> tls)
      : listener_(std::move(listener)), tls_(std::make_shared<TlsSource>(std::move(tls))) {}
  ~LoopServer() override { stop(base::SteadyClock::now()); }

  void run(const ServerSettings& settings, const HandlerFactory& handlers);

  std::uint16_t port() const noexcept override { return listener_->port(); }
  std::size_t loops() const noexcept override { return loops_.size(); }
  Counters counters() const noexcept override;
  base::Outcome<void> updateTls(const TlsSettings& tls,
                                std::shared_ptr<const PeerVerifier> verifier) override;
  void stop(base::SteadyTime deadline) override;

 private:
  void startThread(EventLoop& loop, std::size_t index, const HandlerFactory& handlers);

  std::unique_ptr<Listener> listener_;
  std::shared_ptr<TlsSource> tls_;
  std::vector<std::shared_ptr<EventLoop>> loops_;
  std::vector<std::thread> threads_;
};

void LoopServer::run(const ServerSettings& settings, const HandlerFactory& handlers) {
  const auto count = settings.loops == 0 ? usableCpus() : settings.loops;
  const auto memory = std::make_shared<BodyMemory>(settings.limits.bodyTotal);
  const auto step = std::min(kLargestBodyStep, settings.limits.bodyTotal / (16 * count));
  std::vector<EventLoop*> all;
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_shared<EventLoop>(settings.limits, tls_, memory, step));
    all.push_back(loops_.back().get());
  }
  for (std::size_t i = 0; i < count; ++i) startThread(*loops_[i], i, handlers);

  const auto limit =
      settings.limits.connections == 0 ? connectionsAllowedByFiles() : settings.limits.connections;
  loops_.front()->post([this, all, limit] { listener_->start(all, limit); });
}

// The handler is made on its own thread, where it will live; what its making throws is thrown here.
void LoopServer::startThread(EventLoop& loop, std::size_t index, const HandlerFactory& handlers) {
  std::promise<void> made;
  auto ready = made.get_future();
  {
    const SignalsBlocked blocked;
    threads_.emplace_back([&loop, &handlers, index, made = std::move(made)]() mutable {
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

Counters LoopServer::counters() const noexcept {
  Counters sum;
  for (const auto& loop : loops_) {
    const auto& counters = loop->counters();
    sum.accepted += counters.accepted.get();
    sum.connections += counters.connections.get();
    sum.handshakes += counters.handshakes.get();
    sum.resumed += counters.resumed.get();
    sum.handshakeErrors += counters.handshakeErrors.get();
    sum.refused += counters.refused.get();
    sum.requests += counters.requests.get();
  }
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
  if (threads_.empty()) return;
  loops_.front()->post([this] { listener_->close(); });
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    loops_[i]->post([&loop = *loops_[i], deadline] { loop.stop(deadline); });
  }
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace

Deferred::Deferred(std::shared_ptr<EventLoop> loop, std::uint64_t exchange)
    : loop_(std::move(loop)), exchange_(exchange) {}

void Deferred::post(std::move_only_function<void(Exchange*)> then) {
  if (loop_) loop_->post(exchange_, std::move(then));
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
