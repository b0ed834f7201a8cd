// Stored keys (crypto/stored_key.h). The input is tried as a blob, and as the protobuf message inside one.
#include "crypto/stored_key.h"

#include <string>

#include "base/encoding.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

bool sameKey(const crypto::StoredKey& a, const crypto::StoredKey& b) {
  return a.algorithm == b.algorithm && equal(a.key, b.key) && equal(*a.hmacKey, *b.hmacKey) &&
         a.createdAt == b.createdAt && a.createdBy == b.createdBy;
}

void check(base::ByteView blob) {
  auto key = crypto::decodeStoredKey(blob);
  if (!key) {
    require(key.error().message.starts_with("stored key is malformed: "), "a refusal says what is wrong");
    return;
  }
  require(key->key.size() == crypto::kKeySize, "the secret has its size");
  require(!key->hmacKey || key->hmacKey->size() == crypto::kKeySize, "so has the HMAC key");
  require(crypto::parseAlgorithm(crypto::algorithmName(key->algorithm)) == key->algorithm,
          "the algorithm is one");
  require(base::toValidUtf8(key->createdBy) == key->createdBy, "the identity is text");
  require(key->createdAt.nanos >= 0 && key->createdAt.nanos < 1'000'000'000, "the time is normal");

  if (!key->hmacKey) {
    require(!crypto::encodeStoredKey(*key), "a key without an HMAC key is never written");
    key->hmacKey = key->key.clone();
  }
  const auto written = crypto::encodeStoredKey(*key);
  constexpr std::int64_t kEndOfYear9999 = 253402300799;
  const bool writable = key->createdAt >= base::Timestamp{} && key->createdAt.seconds <= kEndOfYear9999;
  require(written.has_value() == writable, "what was read can be written, but for a year of JSON's");
  if (!written) return;
  const auto reread = crypto::decodeStoredKey(written->reveal());
  require(reread && reread->algorithmRecorded && sameKey(*reread, *key), "and reads the same");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kes::base::ByteView input(data, size);
  kes::fuzz::check(input);
  kes::fuzz::check(kes::base::bytesOf(kes::base::encodeBase64(input)));
  return 0;
}
