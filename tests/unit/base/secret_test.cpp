#include "base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace kes::base {
namespace {

TEST(Secret, startsAsZerosAndKeepsWhatIsWritten) {
  for (const std::size_t size : {1U, 31U, 32U, 33U, 4096U, 4097U, 100'000U}) {
    Secret secret(size);
    EXPECT_EQ(secret.size(), size);
    EXPECT_TRUE(std::ranges::all_of(secret.reveal(), [](auto byte) { return byte == 0; })) << size;
    std::ranges::fill(secret.revealMutable(), std::uint8_t{0xa5});
    EXPECT_TRUE(equal(secret, secret.clone()));
  }
}

TEST(Secret, givesWipedMemoryToTheNextOwner) {
  const std::uint8_t* where = nullptr;
  {
    Secret secret = Secret::copyOf(bytesOf("0123456789abcdef0123456789abcdef"));
    where = secret.reveal().data();
  }
  const Secret next(32);
  ASSERT_EQ(next.reveal().data(), where) << "the arena hands out the cell freed last";
  EXPECT_TRUE(std::ranges::all_of(next.reveal(), [](auto byte) { return byte == 0; }));
}

TEST(Secret, returnsItsWholeCellAfterTruncation) {
  const std::size_t before = arenaStatus().bytesInUse;
  {
    Secret secret(200);
    secret.truncate(10);
    EXPECT_EQ(secret.size(), 10U);
    Secret moved = std::move(secret);
    EXPECT_EQ(moved.size(), 10U);
    EXPECT_GT(arenaStatus().bytesInUse, before);
  }
  EXPECT_EQ(arenaStatus().bytesInUse, before);
}

TEST(Secret, comparesByContent) {
  const Secret a = Secret::copyOf(bytesOf("same"));
  EXPECT_TRUE(equal(a, Secret::copyOf(bytesOf("same"))));
  EXPECT_FALSE(equal(a, Secret::copyOf(bytesOf("sama"))));
  EXPECT_FALSE(equal(a, Secret::copyOf(bytesOf("same!"))));
  EXPECT_TRUE(equal(Secret(), Secret()));
}

// The kernel's own record of the mapping: "dd" is MADV_DONTDUMP, "wf" MADV_WIPEONFORK, "lo" locked.
TEST(Secret, livesInMemoryLeftOutOfCoreDumpsAndForks) {
  const Secret secret(32);
  const auto address = reinterpret_cast<std::uintptr_t>(secret.reveal().data());
  std::ifstream smaps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char dash = 0;
    if (std::istringstream(line) >> std::hex >> from >> dash >> to && dash == '-') {
      inside = from <= address && address < to;
    }
    if (!inside || !line.starts_with("VmFlags:")) continue;
    EXPECT_NE(line.find(" dd"), std::string::npos) << line;
    EXPECT_NE(line.find(" wf"), std::string::npos) << line;
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // their mlock does nothing and says it did
    EXPECT_EQ(line.find(" lo") != std::string::npos, arenaStatus().locked) << line;
#endif
    return;
  }
  FAIL() << "no mapping holds the secret";
}

TEST(Wipe, clearsAStringIncludingItsSpareCapacity) {
  std::string text(100, 's');
  const char* const memory = text.data();
  text.resize(50);
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(memory, text.data());
  EXPECT_TRUE(std::all_of(memory, memory + 100, [](char c) { return c == 0; }));
}

}  // namespace
}  // namespace kes::base
