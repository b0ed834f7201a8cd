#include "server/tls_material.h"

#include <fmt/format.h>

namespace kes::server {
namespace {

// `what` where the configuration names the file, which it does not if the command line does.
std::unexpected<base::Failure> failAt(const base::SourceLocation& location, std::string_view what,
                                      std::string_view why) {
  return base::fail(location.line == 0 ? fmt::format("{}: {}", what, why)
                                       : fmt::format("{}: {}: {}", location.text(), what, why));
}

std::vector<std::string> filesOf(const config::Tls& tls) {
  std::vector<std::string> files{tls.certificateFile, tls.keyFile};
  if (!tls.ca.empty()) files.push_back(tls.ca);
  return files;
}

}  // namespace

base::Outcome<TlsMaterial> readTlsMaterial(const config::Tls& tls) {
  constexpr std::string_view kPair = "failed to read TLS certificate";
  FileWatch files(filesOf(tls));  // before they are read, so that no change is missed
  auto pair = crypto::readKeyPair(tls.certificateFile, tls.keyFile, tls.password);
  if (!pair) return failAt(tls.certificateLocation, kPair, pair.error().message);
  if (!crypto::hasSubjectAlternativeName(pair->certificate.get())) {
    return failAt(tls.certificateLocation, kPair,
                  fmt::format("'{}' has no subject alternative name: issue one with a DNS name or an IP "
                              "address (a common name is not enough)",
                              tls.certificateFile));
  }
  TlsMaterial material{.pair = std::move(*pair), .trust = nullptr, .files = std::move(files)};
  // A file that is named must be good even while nobody is verified by it.
  if (tls.clientAuth == config::ClientAuth::off && tls.ca.empty()) return material;
  auto trust = http::ClientTrust::load(tls.ca);
  if (!trust) return failAt(tls.caLocation, "failed to read TLS CA certificates", trust.error().message);
  if (tls.clientAuth != config::ClientAuth::off) material.trust = std::move(*trust);
  return material;
}

}  // namespace kes::server
