// kes_instructions: a fixed mix of requests through the server's real code, for callgrind to count what each
// takes. bench/instructions/run calls it.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client.h"
#include "crypto/x509.h"
#include "handshakes.h"
#include "http/tls_context.h"
#include "support/inner_server.h"

namespace kes::instructions {
namespace {

class AnyCertificate final : public http::PeerVerifier {
 public:
  base::Result<std::string> identify(std::span<X509* const> chain) const override {
    return crypto::identityOf(chain.front());
  }
  bool isKnown(std::string_view) const override { return true; }
  std::string explain(int) const override { return {}; }
};

// One pair serves as the server's and as the client's.
std::shared_ptr<http::TlsSource> makeTls(const crypto::KeyPair& pair) {
  http::TlsSettings settings;
  settings.key = pair.key.get();
  settings.certificate = pair.certificate.get();
  return std::make_shared<http::TlsSource>(
      bench::valueOf(http::TlsContext::create(settings, std::make_shared<AnyCertificate>(), nullptr)));
}

std::vector<Phase> makePhases(const bench::InnerServer& server) {
  constexpr std::string_view kAuthority = "127.0.0.1:7373";
  const bench::Bodies bodies(server);
  const auto use = [&](std::string_view verb, std::string body) {
    return load::makeRequest(kAuthority, "PUT", fmt::format("/v1/key/{}/{}", verb, server.kKeyName),
                             std::move(body));
  };
  const auto version = load::makeRequest(kAuthority, "GET", "/version", "");
  const std::pair<std::string_view, load::RequestPtr> requests[] = {
      {"generate", use("generate", bodies.generate)},
      {"decrypt", use("decrypt", bodies.decrypt)},
      {"encrypt", use("encrypt", bodies.encrypt)},
      {"version", version}};
  std::vector<Phase> phases;
  for (const auto& [name, request] : requests) {
    phases.push_back({.name = fmt::format("h2-x16-{}", name),
                      .protocol = "h2",
                      .request = request,
                      .atOnce = 16,
                      .rounds = 32});
    phases.push_back(
        {.name = fmt::format("h2-x1-{}", name), .protocol = "h2", .request = request, .rounds = 256});
    phases.push_back(
        {.name = fmt::format("http1-{}", name), .protocol = "http/1.1", .request = request, .rounds = 256});
  }
  phases.push_back(
      {.name = "handshake-full", .protocol = "http/1.1", .request = version, .rounds = 16, .fresh = true});
  phases.push_back({.name = "handshake-resumed",
                    .protocol = "http/1.1",
                    .request = version,
                    .rounds = 16,
                    .fresh = true,
                    .resumed = true});
  return phases;
}

void run(const std::string& certificate, const std::string& key) {
  const crypto::KeyPair pair = bench::valueOf(crypto::readKeyPair(certificate, key, {}));
  bench::InnerServer server(crypto::identityOf(pair.certificate.get()));
  const auto tls = makeTls(pair);
  const auto loop = bench::InnerServer::makeLoop(tls);
  const Handshakes handshakes(*loop, tls);
  const auto phases = makePhases(server);
  for (const Phase& phase : phases) fmt::print("{} {}\n", phase.name, phase.atOnce * phase.rounds);
  Client client(*loop, handshakes.port(), certificate, key, phases);
  client.start();
  loop->run(server.makeHandler());
}

}  // namespace
}  // namespace kes::instructions

int main(int argc, char** argv) {
  std::string certificate;
  std::string key;
  CLI::App app("Plays a fixed mix of requests to the server's code, and prints how many of each it counts.");
  app.add_option("--cert", certificate, "Certificate of the server and of the client (PEM)")->required();
  app.add_option("--key", key, "Its private key (PEM)")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    kes::instructions::run(certificate, key);
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}\n", error.what());
    return 1;
  }
}
