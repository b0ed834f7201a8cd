#include "http/handshaker.h"

#include <sys/epoll.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "http/event_loop.h"

namespace kes::http {
namespace {

// The rest is for the other handshakers, or for the next turn.
constexpr int kAcceptsPerTurn = 8;
constexpr auto kTickInterval = std::chrono::seconds(1);

}  // namespace

class Handshaker::Acceptor final : public IoSource {
 public:
  explicit Acceptor(Handshaker& handshaker) : handshaker_(handshaker) {}
  void onEvents(std::uint32_t) override {
    for (int i = 0; i < kAcceptsPerTurn && !handshaker_.stopping_; ++i) {
      if (!handshaker_.acceptOne()) return;
    }
  }

 private:
  Handshaker& handshaker_;
};

class Handshaker::Tick final : private Timer {
 public:
  explicit Tick(Handshaker& handshaker) : handshaker_(handshaker) { again(); }

 private:
  void again() { handshaker_.timers().schedule(*this, handshaker_.now() + kTickInterval); }
  void onTimer() override {
    again();
    handshaker_.gate_.sweep(handshaker_.now());
  }

  Handshaker& handshaker_;
};

Handshaker::Handshaker(const Limits& limits, std::shared_ptr<TlsSource> tls, Listener& listener,
                       std::shared_ptr<ConnectionQuotas> quotas, std::vector<EventLoop*> loops,
                       ConnectionErrorSink onError)
    : limits_(limits),
      tls_(std::move(tls)),
      listener_(listener),
      quotas_(std::move(quotas)),
      loops_(std::move(loops)),
      onError_(std::move(onError)),
      gate_(limits.handshakes),
      acceptor_(std::make_unique<Acceptor>(*this)) {
  // Of those that sleep the kernel wakes one.
  watch(listener_.descriptor(), EPOLLIN | EPOLLEXCLUSIVE, *acceptor_);
}

Handshaker::~Handshaker() = default;

void Handshaker::run() {
  const Tick tick(*this);
  while (!stopping_) {
    turn();
    settleTouched();
    buried_.clear();
  }
  unwatch(listener_.descriptor());
  const std::vector<Handshake*> all(handshakes_.begin(), handshakes_.end());
  for (auto* handshake : all) handshake->close();
  buried_.clear();
  endTasks();
}

void Handshaker::stop() {
  post([this] { stopping_ = true; });
}

bool Handshaker::acceptOne() {
  auto accepted = listener_.accept();
  if (!accepted) {
    if (accepted.error() != Listener::Nothing::refused) return false;
    refuse(Limit::connections, {}, "too many open files: a connection was refused");
    return true;
  }
  counters_.accepted.add();
  auto permit = quotas_->all->take();
  if (!permit) {
    refuse(Limit::connections, accepted->address, "too many connections");
    return true;
  }
  auto place = quotas_->addresses.take(networkOf(accepted->address), limits_.connectionsPerAddress);
  if (!place) {
    refuse(Limit::connectionsPerAddress, accepted->address, "too many connections from this address");
    return true;
  }
  try {
    auto handshake = std::make_unique<Handshake>(*this, Newcomer{std::move(accepted->socket),
                                                                 std::move(accepted->address),
                                                                 std::move(*permit),
                                                                 std::move(*place),
                                                                 {}});
    handshakes_.insert(handshake.get());
    static_cast<void>(handshake.release());
  } catch (const std::system_error& error) {  // the kernel has no room to watch it
    refuse(Limit::connections, {}, error.what());
  }
  return true;
}

void Handshaker::refuse(Limit limit, std::string_view address, std::string_view why) {
  counters_.reach(limit);
  report(address, why);
}

std::optional<base::Quota::Hold> Handshaker::admit(std::string_view identity) {
  if (identity.empty()) return base::Quota::Hold();
  auto place = quotas_->identities.take(identity, limits_.connectionsPerIdentity);
  if (!place) counters_.reach(Limit::connectionsPerIdentity);
  return place;
}

void Handshaker::bury(Handshake& handshake) {
  handshakes_.erase(&handshake);
  std::erase(touched_, &handshake);
  buried_.emplace_back(&handshake);
}

void Handshaker::deliver(Established connection) {
  counters_.handshakes.add();
  if (connection.tls->resumed()) counters_.resumed.add();
  auto& loop =
      **std::ranges::min_element(loops_, {}, [](const EventLoop* candidate) { return candidate->load(); });
  loop.addLoad();
  loop.post([&loop, connection = std::move(connection)]() mutable { loop.adopt(std::move(connection)); });
}

void Handshaker::settleTouched() {
  while (!touched_.empty()) {
    auto& handshake = *touched_.back();
    touched_.pop_back();
    handshake.settle();
  }
}

}  // namespace kes::http
