#include "crypto/hmac_sha256.h"

#include <gtest/gtest.h>

#include <array>

#include "vectors.h"

namespace kes::crypto {
namespace {

base::Bytes hmac(base::ByteView key, base::ByteView message) {
  base::Bytes out(32);
  HmacSha256(key).compute(message, base::ByteSpan(out).first<32>());
  return out;
}

TEST(HmacSha256, agreesWithWycheproof) {
  int used = 0;
  for (const auto& group : objectsIn(loadVectors("wycheproof/hmac_sha256_test.json"), "testGroups")) {
    if (group->getValue<int>("keySize") > 512) continue;  // longer than a block: no such keys here
    for (const auto& vector : objectsIn(group, "tests")) {
      SCOPED_TRACE(textIn(vector, "tcId") + " " + textIn(vector, "comment"));
      const base::Bytes tag = hexIn(vector, "tag");
      base::Bytes computed = hmac(hexIn(vector, "key"), hexIn(vector, "msg"));
      computed.resize(tag.size());
      EXPECT_EQ(computed == tag, textIn(vector, "result") == "valid");
      ++used;
    }
  }
  EXPECT_EQ(used, 168);
}

// RFC 4231 §4.2 and §4.3.
TEST(HmacSha256, agreesWithRfc4231) {
  EXPECT_EQ(base::encodeHex(hmac(base::Bytes(20, 0x0b), base::bytesOf("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(base::encodeHex(hmac(base::bytesOf("Jefe"), base::bytesOf("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HmacSha256, computesTheSameAgain) {
  const HmacSha256 mac(base::bytesOf("key"));
  std::array<std::uint8_t, 32> first{};
  std::array<std::uint8_t, 32> second{};
  mac.compute(base::bytesOf("message"), first);
  mac.compute(base::bytesOf("message"), second);
  EXPECT_EQ(first, second);
}

TEST(HmacSha256DeathTest, refusesAKeyLongerThanABlock) {
  EXPECT_DEATH(HmacSha256(base::Bytes(65)), "longer than a block");
}

}  // namespace
}  // namespace kes::crypto
