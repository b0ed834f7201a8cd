#include "keystore/store_calls.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/name.h"
#include "crypto/stored_key.h"
#include "keystore/store_error.h"

namespace kes::keystore {
namespace {

// How long reading back may take where the create itself has used up the time: nobody may be waiting any
// more, but the audit log and the cache want to know.
constexpr std::chrono::seconds kReadBackTime{5};

bool isInDoubt(const StoreResult<void>& result) noexcept {
  return !result &&
         (result.error().error == StoreError::outcomeUnknown || result.error().error == StoreError::timeout);
}

base::Result<void> readBack(BlobStore& store, std::string_view name, const base::Secret& blob,
                            const Call& call, const Clock& now, const StoreFailure& doubt) {
  Call again = call;
  again.deadline = std::max(call.deadline, now() + kReadBackTime);
  const auto found = store.get(name, again);
  if (!found) return std::unexpected(createError(name, doubt));
  if (equal(*found, blob)) return {};
  return std::unexpected(createError(name, {StoreError::exists, "another create has won"}));
}

// The bytes that a name takes in a JSON array: two quotes and a comma. No name needs escaping.
constexpr std::size_t jsonSize(std::string_view name) noexcept {
  return name.size() + 3;
}

// `{"names":[],"continue_at":"<prefix>*<name>"}`
constexpr std::size_t kEnvelopeSize = 32 + 2 * base::kMaxNameSize;

// The first names in order that fit into a number of bytes, and the one after them.
class FirstNames {
 public:
  explicit FirstNames(std::size_t maxBytes)
      : room_(maxBytes > kEnvelopeSize ? maxBytes - kEnvelopeSize : 0) {}

  void add(std::string_view name) {
    if (isCut_ && name > *names_.rbegin()) return;
    const auto [position, added] = names_.emplace(name);
    if (!added) return;
    bytes_ += jsonSize(name);
    // All but the last must fit, which is where the next page starts.
    while (names_.size() > 2 && bytes_ - jsonSize(*names_.rbegin()) > room_) {
      bytes_ -= jsonSize(*names_.rbegin());
      names_.erase(std::prev(names_.end()));
      isCut_ = true;
    }
  }

  Listing take() && {
    Listing listing;
    if (bytes_ > room_ && names_.size() > 1) {
      listing.continueAt = *names_.rbegin();
      names_.erase(std::prev(names_.end()));
    }
    listing.names.reserve(names_.size());
    while (!names_.empty()) listing.names.push_back(std::move(names_.extract(names_.begin()).value()));
    return listing;
  }

 private:
  const std::size_t room_;
  std::set<std::string> names_;
  std::size_t bytes_ = 0;
  bool isCut_ = false;  // greater names than all of `names_` were left out
};

}  // namespace

StoreResult<FreshKey> readKey(BlobStore& store, std::string_view name, const Call& call) {
  const auto blob = store.get(name, call);
  if (!blob) return std::unexpected(blob.error());
  auto stored = crypto::decodeStoredKey(blob->reveal());
  if (!stored) return std::unexpected(StoreFailure{StoreError::corrupt, stored.error().message});
  return FreshKey{crypto::makeSoftwareKey(std::move(*stored)), base::sha256(blob->reveal())};
}

base::Result<void> createKey(BlobStore& store, std::string_view name, const crypto::StoredKey& key,
                             const Call& call, const Clock& now) {
  const auto blob = crypto::encodeStoredKey(key);
  if (!blob) return std::unexpected(createError(name, {StoreError::invalid, blob.error().message}));

  const auto created = store.create(name, blob->reveal(), call);
  if (isInDoubt(created)) return readBack(store, name, *blob, call, now, created.error());
  if (!created) return std::unexpected(createError(name, created.error()));
  if (store.atomicCreate()) return {};
  const StoreFailure doubt{StoreError::outcomeUnknown, "created, but could not be read back"};
  return readBack(store, name, *blob, call, now, doubt);
}

base::Result<Listing> listKeys(BlobStore& store, std::string_view prefix, std::string_view startAt,
                               std::size_t maxBytes, const Call& call) {
  FirstNames names(maxBytes);
  const auto emit = [&](std::string_view name) {
    if (name.starts_with(prefix) && name >= startAt && base::isValidName(name)) names.add(name);
    return true;
  };
  if (const auto listed = store.list(prefix, call, emit); !listed) {
    return std::unexpected(listError({}, listed.error()));
  }
  return std::move(names).take();
}

}  // namespace kes::keystore
