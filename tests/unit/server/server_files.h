#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/x509.h"
#include "support/temp_dir.h"

namespace kes::server {

inline void writeFile(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

// A folder with all that a server needs: key, certificate and a configuration for a free port.
class ServerFiles {
 public:
  ServerFiles() { makeKeyPair("server", true); }

  // `name`.key and `name`.crt.
  void makeKeyPair(const std::string& name, bool withSubjectAlternativeName) {
    const auto key = crypto::generateP256();
    crypto::CertificateTemplate what{.commonName = name,
                                     .dnsNames = {},
                                     .ipAddresses = {},
                                     .lifetime = std::chrono::hours(1),
                                     .clientAuth = false,
                                     .serverAuth = true};
    if (withSubjectAlternativeName) what.ipAddresses = {"127.0.0.1"};
    const auto certificate = crypto::selfSign(what, key.get());
    const auto pem = crypto::toPem(key.get(), {});
    if (!certificate || !pem) throw std::runtime_error("cannot make a certificate");
    writeFile(folder_ / (name + ".key"), base::textOf(pem->reveal()));
    writeFile(folder_ / (name + ".crt"), crypto::toPem(certificate->get()));
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // Writes the configuration; `more` are top-level sections beyond those that every server needs.
  std::string configure(std::string_view more = {}, std::string_view tls = {},
                        std::string_view keystore = "mem: {}") const {
    std::string text = "version: v1\naddress: 127.0.0.1:0\nadmin: {identity: disabled}\n";
    text += "tls:\n  key: " + path("server.key") + "\n  cert: " + path("server.crt") + "\n";
    text += tls;
    text += "keystore:\n  ";
    text += keystore;
    text += '\n';
    text += more;
    writeFile(folder_ / "config.yml", text);
    return path("config.yml");
  }

 private:
  test::TempDir folder_;
};

}  // namespace kes::server
