#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "http/body_budget.h"
#include "http/counters.h"
#include "http/handshake.h"
#include "http/http_exchange.h"
#include "http/list_link.h"
#include "http/moderation.h"
#include "http/reactor.h"
#include "http/response_head.h"
#include "http/server.h"
#include "http/slab_pool.h"
#include "http/tls_context.h"
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

// The reactor of established connections and their handler. Everything but `post`, `load` and the counters
// belongs to its thread.
class EventLoop final : public Reactor, public std::enable_shared_from_this<EventLoop> {
 public:
  EventLoop(const Limits& limits, std::shared_ptr<TlsSource> tls, std::shared_ptr<BodyMemory> bodyMemory,
            std::size_t bodyStep, ConnectionErrorSink onError);
  ~EventLoop() override;

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

  // Takes over a connection that `addLoad` has counted.
  void adopt(Established established);
  // Has the connection settle at the end of this turn.
  void touch(Connection& connection) { touched_.push_back(&connection); }
  // The connection is busy: it is asked to relax once it has not been for a while.
  void noteActive(Activity& activity) noexcept {
    if (!active_.linked()) scheduleRelaxation();
    activity.since = now();
    activity.unlink();
    activity.insertBefore(active_);
  }
  // The connection is closed; it is deleted at the end of this turn.
  void bury(Connection& connection);
  void report(std::string_view address, std::string_view what) const { onError_(address, what); }

  [[nodiscard]] bool stopping() const noexcept { return stopping_; }
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  [[nodiscard]] ExchangePool& exchanges() noexcept { return exchanges_; }
  [[nodiscard]] SlabPool& http2Memory() noexcept { return http2Memory_; }
  [[nodiscard]] BodyBudget& bodyBudget() noexcept { return bodyBudget_; }
  [[nodiscard]] Handler& handler() noexcept { return *handler_; }
  [[nodiscard]] LoopCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const TlsSource& tls() const noexcept { return *tls_; }
  [[nodiscard]] std::string_view date() noexcept { return date_.at(now()); }

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
  class Relaxation;
  class Tick;

  void settleTouched();
  void scheduleRelaxation() noexcept;
  void relaxIdle();
  void deleteBuried();
  void closeAll();
  [[nodiscard]] bool finished() const noexcept;

  Limits limits_;
  std::shared_ptr<TlsSource> tls_;
  ConnectionErrorSink onError_;
  BodyBudget bodyBudget_;
  LoopCounters counters_;
  alignas(64) std::atomic<std::uint32_t> load_ = 0;

  std::unique_ptr<Relaxation> relaxation_;
  std::unique_ptr<Tick> tick_;
  std::unique_ptr<Handler> handler_;
  ExchangePool exchanges_;
  SlabPool http2Memory_;  // outlives the connections
  std::unordered_set<Connection*> connections_;
  std::vector<Connection*> touched_;
  std::vector<Connection*> settling_;
  ListLink active_;  // least recently first
  std::vector<std::unique_ptr<Connection>> buried_;
  DateText date_;
  Moderation moderation_;
  bool stopping_ = false;
  base::SteadyTime stopDeadline_{};

  base::Bytes received_;
  base::Bytes plaintext_;  // wiped by those who use it
  WipedBytes output_;
  std::vector<base::Bytes> spareOutputs_;
};

}  // namespace kes::http
