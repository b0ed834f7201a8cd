#include "http/wiped_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace kes::http {
namespace {

TEST(WipedBytes, keepsWhatIsAppendedAcrossGrowth) {
  WipedBytes bytes;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    bytes.append(std::to_string(i));
    expected += std::to_string(i);
  }

  EXPECT_EQ(base::textOf(bytes.view()), expected);
}

TEST(WipedBytes, dropsFromTheFront) {
  WipedBytes bytes;
  bytes.dropFront(0);  // the sanitizer's to judge: there is no memory yet
  bytes.append("0123456789");
  bytes.dropFront(4);
  EXPECT_EQ(base::textOf(bytes.view()), "456789");
  bytes.dropFront(6);
  EXPECT_TRUE(bytes.empty());
}

TEST(WipedBytes, overwritesWhatItDropsAndClears) {
  WipedBytes bytes;
  bytes.reserve(64);
  bytes.append("secret and more");
  const auto* memory = bytes.view().data();

  bytes.dropFront(7);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(memory) + 8, 7), std::string(7, '\0'));
  bytes.clear(64);

  EXPECT_EQ(bytes.view().data(), memory) << "the memory is kept for the next use";
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(memory), 15), std::string(15, '\0'));
}

}  // namespace
}  // namespace kes::http
