#include "base/sha256.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace kes::base {
namespace {

// FIPS 180-4, the examples of NIST's "SHA-256 Example Values".
TEST(Sha256, matchesThePublishedVectors) {
  EXPECT_EQ(encodeHex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(encodeHex(sha256(bytesOf("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(encodeHex(sha256(bytesOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

}  // namespace
}  // namespace kes::base
