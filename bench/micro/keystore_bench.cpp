// The way to a key: from the cache, and through the C ABI of a plugin.

#include <benchmark/benchmark.h>

#include <string>

#include "keystore/plugin_store.h"
#include "support/inner_server.h"

namespace kes::bench {
namespace {

void findInCache(benchmark::State& state) {
  const InnerServer server("client");
  keystore::KeyStore::View view(server.store());
  for (auto _ : state) {
    const crypto::Key* const key = view.find(InnerServer::kKeyName);
    if (key == nullptr) return state.SkipWithError("not cached");
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(findInCache);

void missCache(benchmark::State& state) {
  const InnerServer server("client");
  keystore::KeyStore::View view(server.store());
  for (auto _ : state) benchmark::DoNotOptimize(view.find("another-key"));
}
BENCHMARK(missCache);

class Plugin : public benchmark::Fixture {
 public:
  void SetUp(benchmark::State&) override {
    store_ = valueOf(keystore::openPluginStore(memStoreSettings()));
    const std::string blob(200, 'x');
    if (!store_->create(InnerServer::kKeyName, base::bytesOf(blob), call_))
      throw std::runtime_error("create");
  }
  void TearDown(benchmark::State&) override {
    store_->close();
    store_.reset();
  }

 protected:
  std::unique_ptr<keystore::BlobStore> store_;
  const keystore::Call call_{
      .deadline = base::SteadyClock::now() + std::chrono::hours(1), .requestId = 1, .cancelled = nullptr};
};

// A call that does nothing inside.
BENCHMARK_F(Plugin, status)(benchmark::State& state) {
  for (auto _ : state) {
    if (!store_->status(call_)) return state.SkipWithError("status");
  }
}

// A value of 200 bytes, by way of locked memory.
BENCHMARK_F(Plugin, get)(benchmark::State& state) {
  for (auto _ : state) {
    const auto blob = store_->get(InnerServer::kKeyName, call_);
    if (!blob) return state.SkipWithError("get");
    benchmark::DoNotOptimize(blob->reveal().data());
  }
}

}  // namespace
}  // namespace kes::bench
