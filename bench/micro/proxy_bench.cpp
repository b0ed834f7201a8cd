// What a request costs more when a TLS proxy forwards it: why certificates that were seen are remembered.

#include <benchmark/benchmark.h>
#include <openssl/x509.h>

#include <chrono>
#include <string>

#include "api/forwarded_certificate.h"
#include "api/tls_proxies.h"
#include "base/encoding.h"
#include "base/sha256.h"
#include "crypto/x509.h"

namespace kes::bench {
namespace {

// As HAProxy sends it.
std::string headerOf(EVP_PKEY* key) {
  const auto certificate = crypto::selfSign({.commonName = "client",
                                             .dnsNames = {"client.example.net"},
                                             .ipAddresses = {},
                                             .lifetime = std::chrono::hours(1),
                                             .clientAuth = true,
                                             .serverAuth = false},
                                            key);
  std::uint8_t* der = nullptr;
  const int size = i2d_X509(certificate.value().get(), &der);
  auto text = base::encodeBase64({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return text;
}

void identifyForwardedAnew(benchmark::State& state) {
  const auto key = crypto::generateP256();
  const std::string header = headerOf(key.get());
  for (auto _ : state) {
    const auto der = api::forwardedCertificate(header);
    const auto certificate = crypto::decodeCertificate(*der);
    benchmark::DoNotOptimize(crypto::identityOf(certificate.get()));
  }
}
BENCHMARK(identifyForwardedAnew);

void recogniseForwarded(benchmark::State& state) {
  const auto key = crypto::generateP256();
  const std::string header = headerOf(key.get());
  for (auto _ : state) benchmark::DoNotOptimize(base::sha256(base::bytesOf(header)));
}
BENCHMARK(recogniseForwarded);

// What all others pay where there are proxies.
void isNoProxy(benchmark::State& state) {
  api::TlsProxies proxies;
  proxies.identities = {std::string(64, 'a'), std::string(64, 'b'), std::string(64, 'c')};
  const std::string identity(64, '7');
  for (auto _ : state) benchmark::DoNotOptimize(proxies.includes(identity));
}
BENCHMARK(isNoProxy);

}  // namespace
}  // namespace kes::bench
