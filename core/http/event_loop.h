#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "http/body_budget.h"
#include "http/counters.h"
#include "http/handshake_gate.h"
#include "http/http_exchange.h"
#include "http/list_link.h"
#include "http/response_head.h"
#include "http/server.h"
#include "http/timer_wheel.h"
#include "http/tls_context.h"
#include "http/unique_fd.h"
#include "http/wiped_bytes.h"

namespace kes::http {

class Connection;

// A connection's place among those that were active lately.
struct Activity : ListLink {
  explicit Activity(Connection& owner) noexcept : connection(owner) {}
  ~Activity() { unlink(); }
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  Connection& connection;
  base::SteadyTime since{};
};

// Something with a file descriptor that wakes the loop.
class IoSource {
 public:
  virtual ~IoSource() = default;
  virtual void onEvents(std::uint32_t events) = 0;
  // True when handling an event may take most of a millisecond; only a few such are handled per turn.
  [[nodiscard]] virtual bool costly() const noexcept { return false; }
};

// One thread's epoll, timers, connections and handler. Everything but `post`, `load` and the counters belongs
// to that thread.
class EventLoop : public std::enable_shared_from_this<EventLoop> {
 public:
  using Task = std::move_only_function<void(Exchange*)>;

  EventLoop(const Limits& limits, std::shared_ptr<TlsSource> tls, std::shared_ptr<BodyMemory> bodyMemory,
            std::size_t bodyStep);
  ~EventLoop();

  // Runs `task` on the loop, with the exchange if that is still open. Drops it when the loop has ended.
  // [any-thread]
  void post(std::uint64_t exchange, Task task);
  void post(std::move_only_function<void()> task) {
    post(0, [task = std::move(task)](Exchange*) mutable { task(); });
  }

  // Connections this loop has or is about to get. [any-thread]
  [[nodiscard]] std::uint32_t load() const noexcept { return load_.load(std::memory_order_relaxed); }
  void addLoad() noexcept { load_.fetch_add(1, std::memory_order_relaxed); }

  // The thread's work, until `stop` was asked for and everything is closed. Takes the handler with it.
  void run(std::unique_ptr<Handler> handler);
  // The first part of it: from now on sessions may use the loop.
  void begin(std::unique_ptr<Handler> handler);
  void stop(base::SteadyTime deadline);
  // Refuses new requests on connections that were made under older rules for client authentication.
  void drainOlderThan(std::uint64_t authGeneration);

  // Takes over a socket that `addLoad` has counted.
  void adopt(UniqueFd socket, const std::string& address);
  void watch(int fd, std::uint32_t events, IoSource& source);
  void rewatch(int fd, std::uint32_t events, IoSource& source);
  // Has the connection settle at the end of this turn.
  void touch(Connection& connection) { touched_.push_back(&connection); }
  // The connection is busy: it is asked to relax once it has not been for a second.
  void noteActive(Activity& activity) noexcept {
    activity.since = now_;
    activity.unlink();
    activity.insertBefore(active_);
  }
  // The connection is closed; it is deleted at the end of this turn.
  void bury(Connection& connection);
  void report(std::string_view address, std::string_view what);

  [[nodiscard]] base::SteadyTime now() const noexcept { return now_; }
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] ExchangePool& exchanges() noexcept { return exchanges_; }
  [[nodiscard]] BodyBudget& bodyBudget() noexcept { return bodyBudget_; }
  [[nodiscard]] Handler& handler() noexcept { return *handler_; }
  [[nodiscard]] HandshakeGate& handshakes() noexcept { return handshakes_; }
  [[nodiscard]] LoopCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const TlsSource& tls() const noexcept { return *tls_; }
  [[nodiscard]] std::string_view date() noexcept { return date_.at(now_); }

  // Buffers for the length of one call: ciphertext in, plaintext in, plaintext out.
  static constexpr std::size_t kReceiveSize = 64 * 1024;
  static constexpr std::size_t kRecordSize = 16 * 1024;
  [[nodiscard]] base::ByteSpan receiveBuffer() noexcept { return received_; }
  [[nodiscard]] base::ByteSpan plaintextBuffer() noexcept { return plaintext_; }
  [[nodiscard]] WipedBytes& outputBuffer() noexcept { return output_; }
  // Memory for ciphertext out that connections lend each other.
  [[nodiscard]] base::Bytes takeOutput();
  void giveOutput(base::Bytes&& buffer);

 private:
  class Wakeup;
  class Tick;
  struct Posted {
    std::uint64_t exchange;
    Task task;
  };

  void turn();
  [[nodiscard]] int timeout() const noexcept;
  void runPosted();
  void settleTouched();
  void relaxIdle();
  void deleteBuried();
  void closeAll();
  [[nodiscard]] bool finished() const noexcept;

  Limits limits_;
  std::shared_ptr<TlsSource> tls_;
  base::SteadyTime now_;
  TimerWheel timers_;
  BodyBudget bodyBudget_;
  LoopCounters counters_;
  alignas(64) std::atomic<std::uint32_t> load_ = 0;

  UniqueFd epoll_;
  UniqueFd wakeFd_;
  std::unique_ptr<Wakeup> wakeup_;
  std::unique_ptr<Tick> tick_;
  std::mutex postedMutex_;
  std::vector<Posted> posted_;
  bool closed_ = false;  // under postedMutex_
  std::atomic<bool> hasPosted_ = false;

  std::unique_ptr<Handler> handler_;
  ExchangePool exchanges_;
  HandshakeGate handshakes_;
  std::unordered_set<Connection*> connections_;
  std::vector<Connection*> touched_;
  std::vector<Connection*> settling_;
  ListLink active_;  // least recently first
  std::vector<std::unique_ptr<Connection>> buried_;
  std::vector<IoSource*> costly_;
  DateText date_;
  bool stopping_ = false;
  base::SteadyTime stopDeadline_{};

  base::Bytes received_;
  base::Bytes plaintext_;  // wiped by those who use it
  WipedBytes output_;
  std::vector<base::Bytes> spareOutputs_;
};

}  // namespace kes::http
