#include "http/peer_record.h"

#include <gtest/gtest.h>

namespace kes::http {
namespace {

TEST(PeerRecord, comesBackAsItWas) {
  const PeerRecord records[] = {
      {.identity = std::string(64, 'a'), .error = {}, .verifiedUntil = {}},
      {.identity = std::string(64, 'b'), .error = {}, .verifiedUntil = 1'700'000'000},
      {.identity = std::string(64, 'c'), .error = {}, .verifiedUntil = -1},
      {.identity = {}, .error = base::ErrorCode::noClientCertificate, .verifiedUntil = {}},
      {.identity = {}, .error = base::ErrorCode::tooManyClientCertificates, .verifiedUntil = 5},
  };
  for (const auto& record : records) EXPECT_EQ(decodePeerRecord(encodePeerRecord(record)), record);
}

TEST(PeerRecord, malformedBytesAreNoRecord) {
  const auto good = encodePeerRecord({.identity = "x", .error = {}, .verifiedUntil = {}});
  auto otherVersion = good;
  otherVersion[0] = 2;
  auto otherError = good;
  otherError[1] = 1;
  auto nobody = good;
  nobody.pop_back();
  auto both = good;
  both[1] = encodePeerRecord(
      {.identity = {}, .error = base::ErrorCode::noClientCertificate, .verifiedUntil = {}})[1];

  for (const auto& bytes : {base::Bytes{}, otherVersion, otherError, nobody, both, base::Bytes(9, 1)}) {
    EXPECT_EQ(decodePeerRecord(bytes), std::nullopt);
  }
}

TEST(PeerRecord, isResumableUntilItsChainExpires) {
  EXPECT_TRUE(isResumable({.identity = "x", .error = {}, .verifiedUntil = {}}, 1'000'000'000'000));
  EXPECT_TRUE(isResumable({.identity = "x", .error = {}, .verifiedUntil = 100}, 100));
  EXPECT_FALSE(isResumable({.identity = "x", .error = {}, .verifiedUntil = 100}, 101));
}

}  // namespace
}  // namespace kes::http
