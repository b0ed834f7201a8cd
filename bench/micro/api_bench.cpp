// What the API does between head and answer, first in parts, then as a whole.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/body.h"
#include "api/route.h"
#include "base/encoding.h"
#include "http/response_head.h"
#include "policy/policy_set.h"
#include "support/inner_server.h"

namespace kes::bench {
namespace {

constexpr std::string_view kTarget = "/v1/key/generate/my-key";

void findRoute(benchmark::State& state) {
  std::string scratch;
  for (auto _ : state) benchmark::DoNotOptimize(api::findRoute(kTarget, scratch));
}
BENCHMARK(findRoute);

void matchPattern(benchmark::State& state, const char* text) {
  const policy::Pattern pattern{std::string(text)};
  for (auto _ : state) benchmark::DoNotOptimize(pattern.allows(kTarget));
}
BENCHMARK_CAPTURE(matchPattern, literal, "/v1/key/generate/my-key");
BENCHMARK_CAPTURE(matchPattern, prefix, "/v1/key/generate/*");
BENCHMARK_CAPTURE(matchPattern, glob, "/v1/key/*/my-[a-z]*");

// One of a hundred identities, whose policy has two patterns that deny and five that allow.
void decidePolicy(benchmark::State& state) {
  std::vector<policy::PolicyStatement> statements;
  for (int i = 0; i < 10; ++i) {
    policy::PolicyStatement statement{.name = "app-" + std::to_string(i),
                                      .allow = {"/v1/key/list/*", "/v1/key/create/*", "/v1/key/decrypt/*",
                                                "/v1/key/generate/*", "/v1/status"},
                                      .deny = {"/v1/key/*/internal*", "/v1/policy/*"},
                                      .identities = {}};
    for (int j = 0; j < 10; ++j)
      statement.identities.push_back(std::string(62, 'a') + std::to_string(i) + std::to_string(j));
    statements.push_back(std::move(statement));
  }
  const auto policies = valueOf(policy::PolicySet::build("disabled", statements));
  const std::string identity = std::string(62, 'a') + "77";
  for (auto _ : state) benchmark::DoNotOptimize(policies->decide(identity, kTarget));
}
BENCHMARK(decidePolicy);

// The decoder works in place, so each run needs a copy of the body: some 5 ns.
void decodeBody(benchmark::State& state, std::string Bodies::* body, std::string_view member) {
  const InnerServer server("client");
  const Bodies bodies(server);
  const std::string& text = bodies.*body;
  std::vector<std::uint8_t> copy(text.size());
  for (auto _ : state) {
    text.copy(reinterpret_cast<char*>(copy.data()), copy.size());
    benchmark::DoNotOptimize(api::decodeCrypto(copy, member));
  }
}
BENCHMARK_CAPTURE(decodeBody, generate, &Bodies::generate, "");
BENCHMARK_CAPTURE(decodeBody, decrypt, &Bodies::decrypt, "ciphertext");

void encodeBase64(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)));
  std::vector<char> text(base::base64Size(bytes.size()));
  for (auto _ : state) {
    base::encodeBase64(bytes, text.data());
    benchmark::DoNotOptimize(text.data());
  }
}
BENCHMARK(encodeBase64)->Arg(32)->Arg(76);

void encodeHead(benchmark::State& state) {
  const http::ResponseHead head{.status = 200,
                                .date = "Sun, 06 Nov 1994 08:49:37 GMT",
                                .contentType = "application/json",
                                .contentLength = 181,
                                .extra = {},
                                .close = false};
  constexpr std::size_t kKept = 4096;
  http::WipedBytes out;
  for (auto _ : state) {
    http::appendResponseHead(out, head);
    benchmark::DoNotOptimize(out.view().data());
    out.clear(kKept);
  }
}
BENCHMARK(encodeHead);

// A request that the client has sent completely, and whose answer nobody takes.
class QuietExchange final : public http::Exchange {
 public:
  QuietExchange(std::string_view target, const std::string& body, std::string identity)
      : target_(target), original_(body), body_(body.size()) {
    peer_.identity = std::move(identity);
    peer_.address = "127.0.0.1";
  }

  std::string_view method() const noexcept override { return "PUT"; }
  std::string_view target() const noexcept override { return target_; }
  std::string_view header(std::string_view) const noexcept override { return {}; }
  std::size_t headerCount(std::string_view) const noexcept override { return 0; }
  std::optional<std::uint64_t> contentLength() const noexcept override { return body_.size(); }
  const http::Peer& peer() const noexcept override { return peer_; }
  void setPeer(http::Peer peer) override { peer_ = std::move(peer); }
  base::SteadyTime startedAt() const noexcept override { return {}; }
  void readBody(std::size_t) override { original_.copy(reinterpret_cast<char*>(body_.data()), body_.size()); }
  base::ByteSpan body() noexcept override { return body_; }
  bool bodyTruncated() const noexcept override { return false; }
  http::Deferred defer(base::SteadyTime) override { return {}; }
  void respond(int status, std::string_view, std::string_view, std::span<const Header>) override {
    status_ = status;
  }
  http::Deferred stream(int, std::string_view, std::span<const Header>) override { return {}; }
  void write(std::string_view) override {}
  bool congested() const override { return false; }
  void end() override {}
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  std::string_view target_;
  const std::string& original_;
  std::vector<std::uint8_t> body_;
  http::Peer peer_;
  int status_ = 0;
};

void handle(benchmark::State& state, const char* target, std::string Bodies::* body) {
  InnerServer server("client");
  const Bodies bodies(server);
  const auto handler = server.makeHandler();
  QuietExchange exchange(target, bodies.*body, "client");
  for (auto _ : state) {
    handler->onRequest(exchange);
    handler->onBody(exchange);
    if (exchange.status() != 200) return state.SkipWithError("refused");
  }
}
BENCHMARK_CAPTURE(handle, generate, "/v1/key/generate/my-key", &Bodies::generate);
BENCHMARK_CAPTURE(handle, encrypt, "/v1/key/encrypt/my-key", &Bodies::encrypt);
BENCHMARK_CAPTURE(handle, decrypt, "/v1/key/decrypt/my-key", &Bodies::decrypt);

}  // namespace
}  // namespace kes::bench
