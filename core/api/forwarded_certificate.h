#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace kes::api {

// Headers that a TLS proxy sends about its client (docs/tls-proxy.md). Both decoders are pure.

// The DER of the certificate in a header, which may be
//   - PEM, URL-escaped, a space maybe as `+` (nginx: $ssl_client_escaped_cert),
//   - DER in base64 (HAProxy: %[ssl_c_der,base64]),
//   - the same between colons (RFC 9440).
// Fails with noClientCertificate, tooManyClientCertificates or invalidClientCertificate.
[[nodiscard]] base::Result<base::Bytes> forwardedCertificate(std::string_view header);

// The IP literal that X-Forwarded-For begins with, in its usual form; empty where there is none.
[[nodiscard]] std::string forwardedAddress(std::string_view header);

}  // namespace kes::api
