#include "crypto/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "crypto/aead.h"
#include "crypto/ciphertext.h"
#include "crypto/hchacha20.h"
#include "crypto/hmac_sha256.h"
#include "vectors.h"

namespace kes::crypto {
namespace {

StoredKey storedKey(Algorithm algorithm, base::ByteView key) {
  StoredKey stored;
  stored.algorithm = algorithm;
  stored.key = base::Secret::copyOf(key);
  return stored;
}

Algorithm algorithmOf(const Poco::JSON::Object::Ptr& vector) {
  return parseAlgorithm(textIn(vector, "algorithm")).value();
}

std::shared_ptr<const Key> keyOf(const Poco::JSON::Object::Ptr& vector) {
  return makeSoftwareKey(storedKey(algorithmOf(vector), base64In(vector, "key")));
}

std::optional<base::Bytes> openWith(const Key& key, base::ByteView ciphertext, base::ByteView context) {
  base::Bytes plaintext(ciphertext.size());
  const auto size = key.open(ciphertext, context, plaintext);
  if (!size) return {};
  plaintext.resize(*size);
  return plaintext;
}

base::Bytes sealWith(const Key& key, base::ByteView plaintext, base::ByteView context) {
  base::Bytes ciphertext(plaintext.size() + kCiphertextOverhead);
  EXPECT_TRUE(key.seal(plaintext, context, ciphertext));
  return ciphertext;
}

TEST(Algorithm, namesAreThoseOfEveryEraAndExact) {
  EXPECT_EQ(parseAlgorithm("AES256"), Algorithm::aes256);
  EXPECT_EQ(parseAlgorithm("AES256-GCM_SHA256"), Algorithm::aes256);
  EXPECT_EQ(parseAlgorithm("ChaCha20"), Algorithm::chacha20);
  EXPECT_EQ(parseAlgorithm("XCHACHA20-POLY1305"), Algorithm::chacha20);
  for (const std::string name : {"", "aes256", "AES256 ", "chacha20", "AES-256-GCM-HMAC-SHA-256"}) {
    EXPECT_EQ(parseAlgorithm(name), std::nullopt) << name;
  }
  EXPECT_EQ(parseAlgorithm(algorithmName(Algorithm::aes256)), Algorithm::aes256);
  EXPECT_EQ(parseAlgorithm(algorithmName(Algorithm::chacha20)), Algorithm::chacha20);
}

TEST(GenerateKey, makesTwoIndependentSecretsOfThePreferredAlgorithm) {
  const StoredKey a = generateKey("me");
  const StoredKey b = generateKey("me");
  EXPECT_EQ(a.algorithm, preferredAlgorithm());
  EXPECT_TRUE(a.algorithmRecorded);
  EXPECT_EQ(a.key.size(), kKeySize);
  ASSERT_TRUE(a.hmacKey);
  EXPECT_EQ(a.hmacKey->size(), kKeySize);
  EXPECT_FALSE(equal(a.key, *a.hmacKey));
  EXPECT_FALSE(equal(a.key, b.key));
  EXPECT_FALSE(equal(*a.hmacKey, *b.hmacKey));
  EXPECT_EQ(a.createdBy, "me");
  EXPECT_GT(a.createdAt.seconds, 1'700'000'000);
}

TEST(ImportKey, keepsTheSecretAndMakesAnHmacKey) {
  const base::Bytes secret(kKeySize, 5);
  const StoredKey key = importKey(Algorithm::chacha20, base::Secret::copyOf(secret), "");
  EXPECT_EQ(key.algorithm, Algorithm::chacha20);
  EXPECT_TRUE(std::ranges::equal(key.key.reveal(), secret));
  ASSERT_TRUE(key.hmacKey);
  EXPECT_FALSE(equal(key.key, *key.hmacKey));
}

TEST(Key, opensTheCiphertextsOfEveryEra) {
  for (const auto& vector : objectsIn(loadVectors("ciphertext.json"), "valid")) {
    SCOPED_TRACE(textIn(vector, "comment") + ", " + textIn(vector, "algorithm"));
    const auto plaintext =
        openWith(*keyOf(vector), base64In(vector, "ciphertext"), base64In(vector, "context"));
    ASSERT_TRUE(plaintext);
    EXPECT_EQ(*plaintext, base64In(vector, "plaintext"));
  }
}

TEST(Key, refusesCiphertextsThatAreNotAuthentic) {
  for (const auto& vector : objectsIn(loadVectors("ciphertext.json"), "invalid")) {
    SCOPED_TRACE(textIn(vector, "comment") + ", " + textIn(vector, "algorithm"));
    EXPECT_FALSE(openWith(*keyOf(vector), base64In(vector, "ciphertext"), base64In(vector, "context")));
  }
}

TEST(Key, derivesTheSubKeysOfTheVectorsAndSealsAsTheyDo) {
  for (const auto& vector : objectsIn(loadVectors("ciphertext.json"), "valid")) {
    SCOPED_TRACE(textIn(vector, "comment") + ", " + textIn(vector, "algorithm"));
    const base::Bytes text = base64In(vector, "ciphertext");
    base::Bytes scratch(text.size());
    const auto ciphertext = parseCiphertext(text, scratch);
    ASSERT_TRUE(ciphertext);
    const base::Bytes key = base64In(vector, "key");
    std::array<std::uint8_t, kKeySize> subKey{};
    if (algorithmOf(vector) == Algorithm::aes256) {
      HmacSha256(key).compute(ciphertext->iv, subKey);
    } else {
      hchacha20(base::ByteView(key).first<kKeySize>(), ciphertext->iv, subKey);
    }
    EXPECT_EQ(base::encodeHex(subKey), textIn(vector, "sub_key"));
    base::Bytes sealed(ciphertext->sealed.size());
    ASSERT_TRUE(aeadSeal(algorithmOf(vector), subKey, ciphertext->nonce, base64In(vector, "plaintext"),
                         base64In(vector, "context"), sealed));
    EXPECT_TRUE(std::ranges::equal(sealed, ciphertext->sealed));
  }
}

class KeyOf : public ::testing::TestWithParam<Algorithm> {
 protected:
  std::shared_ptr<const Key> key_ =
      makeSoftwareKey(importKey(GetParam(), base::Secret::copyOf(base::Bytes(kKeySize, 3)), "me"));
};

INSTANTIATE_TEST_SUITE_P(Key, KeyOf, ::testing::Values(Algorithm::aes256, Algorithm::chacha20),
                         [](const auto& algorithm) { return std::string(algorithmName(algorithm.param)); });

TEST_P(KeyOf, opensWhatItSealed) {
  for (const std::size_t size : {0UL, 1UL, 32UL, 4096UL, 1'000'000UL}) {
    const base::Bytes plaintext(size, 0x41);
    const base::Bytes ciphertext = sealWith(*key_, plaintext, base::bytesOf("context"));
    EXPECT_EQ(openWith(*key_, ciphertext, base::bytesOf("context")), plaintext);
    EXPECT_EQ(openWith(*key_, ciphertext, base::bytesOf("contexT")), std::nullopt);
    EXPECT_EQ(openWith(*key_, ciphertext, {}), std::nullopt);
  }
}

TEST_P(KeyOf, sealsTheSameTwiceDifferently) {
  const base::Bytes plaintext(32, 0x41);
  const base::Bytes first = sealWith(*key_, plaintext, {});
  const base::Bytes second = sealWith(*key_, plaintext, {});
  EXPECT_FALSE(std::ranges::equal(base::ByteView(first).last(28), base::ByteView(second).last(28)));
  EXPECT_FALSE(std::ranges::equal(base::ByteView(first).first(32), base::ByteView(second).first(32)));
}

TEST_P(KeyOf, opensRawCiphertextsThatBeginLikeAStructuredOne) {
  for (const std::uint8_t wanted : {0x95, 0x7b}) {
    base::Bytes ciphertext;
    for (int attempt = 0; attempt < 20'000; ++attempt) {
      ciphertext = sealWith(*key_, base::bytesOf("a"), {});
      if (ciphertext.front() == wanted) break;
    }
    ASSERT_EQ(ciphertext.front(), wanted);
    EXPECT_TRUE(openWith(*key_, ciphertext, {}));
  }
}

TEST_P(KeyOf, opensStructuredCiphertextsOfItsOwn) {
  const std::string text = "a longer text, so that the parts move when they are decoded in place";
  const base::Bytes raw = sealWith(*key_, base::bytesOf(text), {});
  const auto encoded = [&raw](std::size_t from, std::size_t size) {
    return base::encodeBase64(base::ByteView(raw).subspan(from, size));
  };
  const std::string aead = GetParam() == Algorithm::aes256 ? "AES-256-GCM-HMAC-SHA-256" : "ChaCha20Poly1305";
  const std::string json = R"({"bytes":")" + encoded(0, raw.size() - 28) + R"(","nonce":")" +
                           encoded(raw.size() - 12, 12) + R"(","aead":")" + aead + R"(","iv":")" +
                           encoded(raw.size() - 28, 16) + R"("})";
  const auto plaintext = openWith(*key_, base::bytesOf(json), {});
  ASSERT_TRUE(plaintext);
  EXPECT_EQ(base::textOf(*plaintext), text);
}

TEST_P(KeyOf, leavesNoPlaintextWhenTheCiphertextIsNotAuthentic) {
  const base::Bytes plaintext(64, 0x41);
  base::Bytes ciphertext = sealWith(*key_, plaintext, {});
  ciphertext[plaintext.size()] ^= 1;  // the tag: every byte decrypts, and only then the check fails
  base::Bytes out(ciphertext.size(), 0xEE);
  EXPECT_FALSE(key_->open(ciphertext, {}, out));
  EXPECT_EQ(std::ranges::count(out, 0x41), 0);
}

TEST_P(KeyOf, refusesBuffersOfTheWrongSize) {
  base::Bytes small(3 + kCiphertextOverhead);
  EXPECT_FALSE(key_->seal(base::bytesOf("four"), {}, small));
  const base::Bytes ciphertext = sealWith(*key_, base::bytesOf("four"), {});
  base::Bytes plaintext(ciphertext.size() - 1);
  EXPECT_FALSE(key_->open(ciphertext, {}, plaintext));
}

TEST_P(KeyOf, tellsWhatIsStoredWithIt) {
  EXPECT_EQ(key_->algorithm(), GetParam());
  EXPECT_EQ(key_->createdBy(), "me");
  EXPECT_FALSE(key_->createdAt().isZero());
  EXPECT_TRUE(key_->hasHmac());
}

// Servers without AES instructions sealed with ChaCha20 under keys stored as {"bytes":…}.
TEST(Key, withoutARecordedAlgorithmOpensBothKindsAndSealsWithAes256) {
  const auto vectors = objectsIn(loadVectors("ciphertext.json"), "valid");
  const auto& chachaJson = vectors[1];
  ASSERT_EQ(algorithmOf(chachaJson), Algorithm::chacha20);
  StoredKey stored = storedKey(Algorithm::aes256, base64In(chachaJson, "key"));
  stored.algorithmRecorded = false;
  const auto key = makeSoftwareKey(std::move(stored));
  // JSON of both algorithms, MessagePack of both algorithms.
  for (const std::size_t i : {0, 1, 3, 4}) {
    EXPECT_EQ(openWith(*key, base64In(vectors[i], "ciphertext"), {}), base64In(vectors[i], "plaintext")) << i;
  }
  EXPECT_EQ(key->algorithm(), Algorithm::aes256);
  const auto recorded = makeSoftwareKey(storedKey(Algorithm::aes256, base64In(chachaJson, "key")));
  EXPECT_FALSE(openWith(*recorded, base64In(chachaJson, "ciphertext"), {}));
  EXPECT_TRUE(openWith(*recorded, sealWith(*key, base::bytesOf("new"), {}), {}));
}

TEST(Key, computesTheHmacOfTheVectors) {
  for (const auto& vector : objectsIn(loadVectors("ciphertext.json"), "hmac")) {
    StoredKey stored = storedKey(Algorithm::aes256, base::Bytes(kKeySize));
    stored.hmacKey = base::Secret::copyOf(base64In(vector, "key"));
    std::array<std::uint8_t, kHmacSize> out{};
    ASSERT_TRUE(makeSoftwareKey(std::move(stored))->hmac(base64In(vector, "message"), out));
    EXPECT_TRUE(std::ranges::equal(out, base64In(vector, "hmac")));
  }
}

TEST(Key, withoutAnHmacKeyComputesNone) {
  const auto key = makeSoftwareKey(storedKey(Algorithm::aes256, base::Bytes(kKeySize)));
  std::array<std::uint8_t, kHmacSize> out{};
  EXPECT_FALSE(key->hasHmac());
  EXPECT_FALSE(key->hmac(base::bytesOf("message"), out));
}

TEST(KeyDeathTest, refusesSecretsOfTheWrongSize) {
  EXPECT_DEATH(std::ignore = importKey(Algorithm::aes256, base::Secret(16), ""), "wrong size");
  EXPECT_DEATH(std::ignore = makeSoftwareKey(StoredKey{}), "wrong size");
}

}  // namespace
}  // namespace kes::crypto
