#pragma once

#include <openssl/core_dispatch.h>

namespace kes::http {

// The steps of TLS 1.3's key schedule (RFC 8446 §7.1) for OpenSSL, as the functions of a provider's EVP_KDF
// "TLS13-KDF". A handshake takes some twenty of them.
[[nodiscard]] const OSSL_DISPATCH* tlsKeyScheduleFunctions() noexcept;

}  // namespace kes::http
