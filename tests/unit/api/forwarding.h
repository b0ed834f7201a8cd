#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/x509.h"

namespace kes::api {

// A certificate as proxies forward it.
struct ForwardedForTest {
  explicit ForwardedForTest(std::chrono::seconds lifetime = std::chrono::hours(1)) {
    const auto key = crypto::generateP256();
    auto made = crypto::selfSign({.commonName = "client",
                                  .dnsNames = {},
                                  .ipAddresses = {},
                                  .lifetime = lifetime,
                                  .clientAuth = true,
                                  .serverAuth = false},
                                 key.get());
    if (!made) throw std::runtime_error(made.error().message);
    certificate = std::move(*made);
    identity = crypto::identityOf(certificate.get());
    pem = crypto::toPem(certificate.get());
    std::uint8_t* encoded = nullptr;
    const int size = i2d_X509(certificate.get(), &encoded);
    der.assign(encoded, encoded + size);
    OPENSSL_free(encoded);
  }

  // As nginx does, and Go's url.QueryEscape with `space` = "+".
  [[nodiscard]] std::string escapedPem(std::string_view space = "%20") const {
    std::string text;
    for (const char c : pem) {
      const bool plain = (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '-';
      if (c == ' ') {
        text += space;
      } else if (plain) {
        text += c;
      } else {
        const auto byte = static_cast<std::uint8_t>(c);
        (text += '%') += base::encodeHex({&byte, 1});
      }
    }
    return text;
  }
  [[nodiscard]] std::string base64() const { return base::encodeBase64(der); }

  crypto::Certificate certificate;
  std::string identity;
  std::string pem;
  base::Bytes der;
};

}  // namespace kes::api
