// Keys and randomness.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "crypto/stored_key.h"
#include "support/inner_server.h"

namespace kes::bench {
namespace {

using crypto::Algorithm;

constexpr std::string_view kContext = "bucket/object";
using Plaintext = std::array<std::uint8_t, 32>;
using Ciphertext = std::array<std::uint8_t, 32 + crypto::kCiphertextOverhead>;

std::shared_ptr<const crypto::Key> makeKey(Algorithm algorithm) {
  return crypto::makeSoftwareKey(crypto::importKey(algorithm, crypto::randomSecret(crypto::kKeySize), ""));
}

void seal(benchmark::State& state, Algorithm algorithm) {
  const auto key = makeKey(algorithm);
  const Plaintext plaintext{};
  Ciphertext ciphertext;
  for (auto _ : state) {
    if (!key->seal(plaintext, base::bytesOf(kContext), ciphertext)) return state.SkipWithError("seal");
    benchmark::DoNotOptimize(ciphertext);
  }
}
BENCHMARK_CAPTURE(seal, aes256, Algorithm::aes256);
BENCHMARK_CAPTURE(seal, chacha20, Algorithm::chacha20);

void open(benchmark::State& state, Algorithm algorithm) {
  const auto key = makeKey(algorithm);
  Ciphertext ciphertext;
  std::array<std::uint8_t, sizeof ciphertext> plaintext;
  if (!key->seal(Plaintext{}, base::bytesOf(kContext), ciphertext)) return state.SkipWithError("seal");
  for (auto _ : state) {
    if (!key->open(ciphertext, base::bytesOf(kContext), plaintext)) return state.SkipWithError("open");
    benchmark::DoNotOptimize(plaintext);
  }
}
BENCHMARK_CAPTURE(open, aes256, Algorithm::aes256);
BENCHMARK_CAPTURE(open, chacha20, Algorithm::chacha20);

void hmac(benchmark::State& state) {
  const auto key = makeKey(Algorithm::aes256);
  std::array<std::uint8_t, crypto::kHmacSize> mac;
  for (auto _ : state) {
    if (!key->hmac(base::bytesOf(kContext), mac)) return state.SkipWithError("hmac");
    benchmark::DoNotOptimize(mac);
  }
}
BENCHMARK(hmac);

// What a miss of the cache adds to the call into the store.
void decodeStoredKey(benchmark::State& state) {
  const base::Secret blob = valueOf(crypto::encodeStoredKey(crypto::generateKey("")));
  for (auto _ : state) benchmark::DoNotOptimize(crypto::decodeStoredKey(blob.reveal()));
}
BENCHMARK(decodeStoredKey);

void makeSoftwareKey(benchmark::State& state) {
  const base::Secret blob = valueOf(crypto::encodeStoredKey(crypto::generateKey("")));
  for (auto _ : state) {
    benchmark::DoNotOptimize(crypto::makeSoftwareKey(valueOf(crypto::decodeStoredKey(blob.reveal()))));
  }
}
BENCHMARK(makeSoftwareKey);

void randomBytes(benchmark::State& state) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    crypto::randomBytes(bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(randomBytes)->Arg(28)->Arg(32)->Arg(60);

}  // namespace
}  // namespace kes::bench
