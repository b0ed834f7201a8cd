#pragma once

#include <openssl/types.h>

#include <cstdint>

namespace kes::http {

// Until when a certificate is valid, in seconds since 1970; long ago where it does not say.
[[nodiscard]] std::int64_t notAfterOf(const X509* certificate);

}  // namespace kes::http
