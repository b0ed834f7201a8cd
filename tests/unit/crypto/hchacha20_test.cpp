#include "crypto/hchacha20.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "base/bytes.h"
#include "base/encoding.h"

namespace kes::crypto {
namespace {

// draft-irtf-cfrg-xchacha-03 §2.2.1.
TEST(HChaCha20, agreesWithTheDraft) {
  std::array<std::uint8_t, 32> key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  const auto input = base::decodeHex("000000090000004a0000000031415927").value();
  std::array<std::uint8_t, 32> subKey{};
  hchacha20(key, base::ByteView(input).first<16>(), subKey);
  EXPECT_EQ(base::encodeHex(subKey), "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc");
}

}  // namespace
}  // namespace kes::crypto
