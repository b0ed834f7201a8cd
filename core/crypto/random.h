#pragma once

#include "base/bytes.h"
#include "base/secret.h"

namespace kes::crypto {

// Random bytes for IVs, nonces and data keys, from a page per thread in the secret arena that RAND_priv_bytes
// refills, that is wiped as it is used, and that a forked child does not share. Aborts the process when the
// generator fails: there is no safe way on.
void randomBytes(base::ByteSpan out) noexcept;

// Straight from RAND_priv_bytes, for keys that live long.
[[nodiscard]] base::Secret randomSecret(std::size_t size);

}  // namespace kes::crypto
