#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "vectors.h"

namespace kes::crypto {
namespace {

struct WycheproofFile {
  std::string name;
  Algorithm algorithm;
  std::size_t usable;  // vectors with a key of 256 bits and a nonce of 96, the only sizes there are here
};

std::vector<Poco::JSON::Object::Ptr> usableVectors(const WycheproofFile& file) {
  std::vector<Poco::JSON::Object::Ptr> usable;
  for (const auto& group : objectsIn(loadVectors("wycheproof/" + file.name), "testGroups")) {
    if (group->getValue<int>("keySize") != 256 || group->getValue<int>("ivSize") != 96) continue;
    for (const auto& test : objectsIn(group, "tests")) usable.push_back(test);
  }
  return usable;
}

class Wycheproof : public ::testing::TestWithParam<WycheproofFile> {};

TEST_P(Wycheproof, everyVectorOpensAndSealsAsItSays) {
  const auto vectors = usableVectors(GetParam());
  EXPECT_EQ(vectors.size(), GetParam().usable);
  for (const auto& vector : vectors) {
    SCOPED_TRACE(textIn(vector, "tcId") + " " + textIn(vector, "comment"));
    const base::Bytes key = hexIn(vector, "key");
    const base::Bytes nonce = hexIn(vector, "iv");
    const base::Bytes context = hexIn(vector, "aad");
    const base::Bytes message = hexIn(vector, "msg");
    base::Bytes sealed = hexIn(vector, "ct");
    std::ranges::copy(hexIn(vector, "tag"), std::back_inserter(sealed));
    const bool valid = textIn(vector, "result") == "valid";
    const SubKey subKey = base::ByteView(key).first<kKeySize>();
    const Nonce fixedNonce = base::ByteView(nonce).first<kNonceSize>();

    base::Bytes opened(sealed.size() - kTagSize, 0xEE);
    EXPECT_EQ(aeadOpen(GetParam().algorithm, subKey, fixedNonce, sealed, context, opened), valid);
    EXPECT_EQ(opened, valid ? message : base::Bytes(opened.size(), 0));

    base::Bytes resealed(message.size() + kTagSize);
    EXPECT_TRUE(aeadSeal(GetParam().algorithm, subKey, fixedNonce, message, context, resealed));
    EXPECT_EQ(resealed == sealed, valid);
  }
}

INSTANTIATE_TEST_SUITE_P(Aead, Wycheproof,
                         ::testing::Values(WycheproofFile{"aes_gcm_test.json", Algorithm::aes256, 66},
                                           WycheproofFile{"chacha20_poly1305_test.json", Algorithm::chacha20,
                                                          316}),
                         [](const auto& file) { return std::string(algorithmName(file.param.algorithm)); });

constexpr std::array<std::uint8_t, kKeySize> kKey{1, 2, 3};
constexpr std::array<std::uint8_t, kNonceSize> kNonce{4, 5, 6};

TEST(Aead, opensInPlace) {
  for (const Algorithm algorithm : {Algorithm::aes256, Algorithm::chacha20}) {
    const base::Bytes message(100, 7);
    base::Bytes buffer(message.size() + kTagSize);
    ASSERT_TRUE(aeadSeal(algorithm, kKey, kNonce, message, {}, buffer));
    ASSERT_TRUE(aeadOpen(algorithm, kKey, kNonce, buffer, {}, buffer));
    buffer.resize(message.size());
    EXPECT_EQ(buffer, message);
  }
}

TEST(Aead, refusesBuffersOfTheWrongSize) {
  base::Bytes buffer(32);
  EXPECT_FALSE(aeadSeal(Algorithm::aes256, kKey, kNonce, base::Bytes(17), {}, buffer));
  EXPECT_FALSE(aeadSeal(Algorithm::aes256, kKey, kNonce, base::Bytes(15), {}, buffer));
  EXPECT_FALSE(aeadOpen(Algorithm::aes256, kKey, kNonce, base::Bytes(15), {}, buffer));
  EXPECT_FALSE(aeadOpen(Algorithm::aes256, kKey, kNonce, base::Bytes(49), {}, buffer));
}

TEST(Aead, forgottenKeysDoNotReachTheNextMessage) {
  const auto message = base::bytesOf("message");
  for (const auto algorithm : {Algorithm::aes256, Algorithm::chacha20}) {
    base::Bytes before(message.size() + kTagSize);
    base::Bytes after(before.size());
    ASSERT_TRUE(aeadSeal(algorithm, kKey, kNonce, message, {}, before));
    forgetMessageKeys();
    forgetMessageKeys();
    ASSERT_TRUE(aeadSeal(algorithm, kKey, kNonce, message, {}, after));
    EXPECT_EQ(before, after);
  }
}

TEST(Aead, aFailureLeavesNothingBehindForTheNextMessage) {
  const base::Bytes message(20, 9);
  base::Bytes sealed(message.size() + kTagSize);
  base::Bytes opened(message.size());
  ASSERT_TRUE(aeadSeal(Algorithm::aes256, kKey, kNonce, message, base::bytesOf("a"), sealed));
  EXPECT_FALSE(aeadOpen(Algorithm::aes256, kKey, kNonce, sealed, base::bytesOf("b"), opened));
  EXPECT_TRUE(aeadOpen(Algorithm::aes256, kKey, kNonce, sealed, base::bytesOf("a"), opened));
  EXPECT_EQ(opened, message);
}

TEST(Aead, threadsThatComeAndGoEachHaveTheirOwnContext) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (std::uint8_t i = 0; i < 8; ++i) {
    threads.emplace_back([i, &good] {
      const base::Bytes message(64, i);
      base::Bytes sealed(message.size() + kTagSize);
      base::Bytes opened(message.size());
      for (int round = 0; round < 200; ++round) {
        const Algorithm algorithm = round % 2 == 0 ? Algorithm::aes256 : Algorithm::chacha20;
        const bool equal = aeadSeal(algorithm, kKey, kNonce, message, {}, sealed) &&
                           aeadOpen(algorithm, kKey, kNonce, sealed, {}, opened) && opened == message;
        good += equal ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8 * 200);
}

}  // namespace
}  // namespace kes::crypto
