#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/secret.h"

namespace kes::crypto {

// A block of a PEM text (RFC 7468), with the header that RFC 1423 adds to encrypted ones.
struct PemBlock {
  std::string type;     // "CERTIFICATE"
  std::string dekInfo;  // "AES-256-CBC,…" or empty
  base::Secret data;    // decoded

  // True for "PRIVATE KEY" and everything that ends with it, such as "EC PRIVATE KEY".
  [[nodiscard]] bool isPrivateKey() const noexcept;
  [[nodiscard]] bool isEncrypted() const noexcept;
};

// Every block of the text; what stands between them is passed over, as comments are. Fails with
// "no valid PEM data" when there is none or one is damaged.
[[nodiscard]] base::Outcome<std::vector<PemBlock>> parsePem(std::string_view text);
[[nodiscard]] base::Outcome<std::vector<PemBlock>> readPemFile(const std::string& file);

}  // namespace kes::crypto
