#pragma once

namespace kes::http {

// From now on OpenSSL finds, on the calling thread, just the algorithms that TLS needs. In OpenSSL 3.0 the
// time to decode a certificate's key grows with the number of all algorithms there are: this halves a
// handshake (docs/decisions/0006). Does nothing where the process is bound to other providers, such as FIPS
// ones.
void useTlsAlgorithmsOnly() noexcept;

}  // namespace kes::http
