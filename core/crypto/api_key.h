#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/x509.h"

namespace kes::crypto {

// An API key: "kes:v1:" and the base64 of a type byte 0 and an Ed25519 seed. A client turns it into a
// self-signed certificate; a server never sees it (docs/protocol/http.md, "API keys").
class ApiKey {
 public:
  [[nodiscard]] static ApiKey generate();
  // The prefix is optional. Failures are KES' own texts, e.g. "kes: invalid API key: invalid length".
  [[nodiscard]] static base::Outcome<ApiKey> parse(std::string_view text);
  // The API key of an Ed25519 private key; fails for other types.
  [[nodiscard]] static base::Outcome<ApiKey> fromPrivateKey(EVP_PKEY* key);

  [[nodiscard]] std::string identity() const;
  // "kes:v1:…"; wipe it after use.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] PrivateKey privateKey() const;
  // Self-signed client certificate, CN = identity, valid 90 days.
  [[nodiscard]] base::Outcome<KeyPair> clientCertificate() const;

 private:
  explicit ApiKey(base::Secret seed) : seed_(std::move(seed)) {}

  base::Secret seed_;
};

}  // namespace kes::crypto
