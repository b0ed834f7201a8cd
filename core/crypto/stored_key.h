#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/key.h"

namespace kes::crypto {

// The blob that a key store keeps under a key's name: base64 of the protobuf message `KeyVersion`, or one of
// the two JSON forms of earlier releases (docs/protocol/stored-key.md).

// Encodes in the current form. Fails for a key that must never be written: one without a secret or an HMAC
// key, or made in a year that the form has no room for (the JSON forms have: 0).
[[nodiscard]] base::Outcome<base::Secret> encodeStoredKey(const StoredKey& key);

// Decodes every form. The failure says which field is wrong and never holds key material.
[[nodiscard]] base::Outcome<StoredKey> decodeStoredKey(base::ByteView blob);

}  // namespace kes::crypto
