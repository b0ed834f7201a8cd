#pragma once

#include <expected>
#include <string_view>

#include "base/error.h"
#include "keystore/blob_store.h"
#include "keystore/key_cache.h"

namespace kes::keystore {

// What the key store does with keys, in terms of what a back end does with blobs. All of them block.

// A blob that is no key fails as StoreError::corrupt.
[[nodiscard]] StoreResult<FreshKey> readKey(BlobStore& store, std::string_view name, const Call& call);

// Succeeds once the store has the key durably. Where the store cannot tell whether it has it, or cannot rule
// out that two creates win, the blob is read back. `now` tells how much of the deadline is left for that.
[[nodiscard]] base::Result<void> createKey(BlobStore& store, std::string_view name,
                                           const crypto::StoredKey& key, const Call& call, const Clock& now);

// As KeyStore::list. Names that are no names of keys belong to somebody else and are left out. Memory is
// bounded by `maxBytes`, not by how much the store holds.
[[nodiscard]] base::Result<Listing> listKeys(BlobStore& store, std::string_view prefix,
                                             std::string_view startAt, std::size_t maxBytes,
                                             const Call& call);

}  // namespace kes::keystore
