#include "crypto/stored_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/time.h"
#include "vectors.h"

namespace kes::crypto {
namespace {

std::string encoded(const StoredKey& key) {
  const auto blob = encodeStoredKey(key);
  return blob ? std::string(base::textOf(blob->reveal())) : "<" + blob.error().message + ">";
}

TEST(StoredKey, decodesTheBlobsOfEveryEra) {
  for (const auto& vector : objectsIn(loadVectors("stored-key.json"), "valid")) {
    SCOPED_TRACE(textIn(vector, "comment"));
    const auto key = decodeStoredKey(base::bytesOf(textIn(vector, "blob")));
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(algorithmName(key->algorithm), textIn(vector, "algorithm"));
    EXPECT_EQ(key->algorithmRecorded, vector->getValue<bool>("recorded"));
    EXPECT_TRUE(std::ranges::equal(key->key.reveal(), base64In(vector, "key")));
    EXPECT_EQ(key->hmacKey.has_value(), !vector->isNull("hmac_key"));
    if (key->hmacKey) {
      EXPECT_TRUE(std::ranges::equal(key->hmacKey->reveal(), base64In(vector, "hmac_key")));
    }
    EXPECT_EQ(base::formatRfc3339(key->createdAt), textIn(vector, "created_at"));
    EXPECT_EQ(key->createdBy, textIn(vector, "created_by"));
  }
}

TEST(StoredKey, encodesTheBlobsOfTheCurrentEraByteForByte) {
  for (const auto& vector : objectsIn(loadVectors("stored-key.json"), "valid")) {
    if (!vector->getValue<bool>("current")) continue;
    SCOPED_TRACE(textIn(vector, "comment"));
    EXPECT_EQ(encoded(decodeStoredKey(base::bytesOf(textIn(vector, "blob"))).value()),
              textIn(vector, "blob"));
  }
}

TEST(StoredKey, refusesMalformedBlobsWithoutQuotingThem) {
  for (const auto& vector : objectsIn(loadVectors("stored-key.json"), "invalid")) {
    SCOPED_TRACE(textIn(vector, "comment"));
    const auto key = decodeStoredKey(base::bytesOf(textIn(vector, "blob")));
    ASSERT_FALSE(key);
    EXPECT_TRUE(key.error().message.starts_with("stored key is malformed: ")) << key.error().message;
    EXPECT_EQ(key.error().message.find("AAAA"), std::string::npos);
  }
}

TEST(StoredKey, refusesBlobsLargerThanAMebibyte) {
  std::string blob = textIn(objectsIn(loadVectors("stored-key.json"), "valid").front(), "blob");
  blob.resize(1 << 20, ' ');
  EXPECT_TRUE(decodeStoredKey(base::bytesOf(blob)));
  blob.push_back(' ');
  EXPECT_FALSE(decodeStoredKey(base::bytesOf(blob)));
}

TEST(StoredKey, cutShortAnywhereIsMalformedOrTheSameSecret) {
  const StoredKey whole = generateKey("me");
  const std::string blob = encoded(whole);
  int malformed = 0;
  for (std::size_t size = 0; size < blob.size(); ++size) {
    const auto key = decodeStoredKey(base::bytesOf(blob.substr(0, size)));
    // A cut between two fields leaves a shorter message.
    if (key) {
      EXPECT_TRUE(equal(key->key, whole.key)) << size;
    } else {
      ++malformed;
    }
  }
  EXPECT_GE(malformed, static_cast<int>(blob.size()) - 4);
}

TEST(StoredKey, comesBackFromItsBlobUnchanged) {
  const std::vector<base::Timestamp> times = {{},
                                              {.seconds = 0, .nanos = 0},
                                              {.seconds = -1, .nanos = 999'999'999},
                                              {.seconds = 253402300799, .nanos = 1}};
  for (const base::Timestamp time : times) {
    StoredKey key = generateKey(std::string(300, 'x'));
    key.createdAt = time;
    const auto decoded = decodeStoredKey(base::bytesOf(encoded(key)));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->algorithm, key.algorithm);
    EXPECT_TRUE(equal(decoded->key, key.key));
    EXPECT_TRUE(equal(*decoded->hmacKey, *key.hmacKey));
    EXPECT_EQ(decoded->createdAt, time);
    EXPECT_EQ(decoded->createdBy, key.createdBy);
  }
}

TEST(StoredKey, isNeverWrittenWhereItCouldNotBeReadBack) {
  // The JSON forms hold a year that the current form does not.
  const auto oldest = decodeStoredKey(base::bytesOf(
      R"({"bytes":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","created_at":"0000-01-01T00:00:00Z"})"));
  ASSERT_TRUE(oldest) << oldest.error().message;
  StoredKey key = generateKey("");
  key.createdAt = oldest->createdAt;
  EXPECT_EQ(encoded(key), "<cannot encode a key made outside of the years 1 to 9999>");
}

TEST(StoredKey, isNeverWrittenWithoutASecretOrAnHmacKey) {
  StoredKey withoutSecret = generateKey("");
  withoutSecret.key.reset();
  EXPECT_EQ(encoded(withoutSecret), "<cannot encode a key without a secret of 32 bytes>");
  StoredKey withoutHmac = generateKey("");
  withoutHmac.hmacKey.reset();
  EXPECT_EQ(encoded(withoutHmac), "<cannot encode a key without an HMAC key of 32 bytes>");
}

}  // namespace
}  // namespace kes::crypto
