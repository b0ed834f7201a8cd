#include "base/encoding.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kes::base {
namespace {

std::string decoded(std::string_view text) {
  const auto bytes = decodeBase64(text);
  return bytes ? std::string(textOf(*bytes)) : "<invalid>";
}

// RFC 4648 §10.
const std::vector<std::pair<std::string, std::string>> kRfcVectors = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

TEST(Base64, encodesAndDecodesTheVectorsOfRfc4648) {
  for (const auto& [plain, text] : kRfcVectors) {
    EXPECT_EQ(encodeBase64(bytesOf(plain)), text);
    EXPECT_EQ(decoded(text), plain);
  }
}

TEST(Base64, skipsLineBreaksAnywhere) {
  EXPECT_EQ(decoded("Zm9v\r\nYmFy\n"), "foobar");
  EXPECT_EQ(decoded("Z\nm\r8=\n"), "fo");
  EXPECT_EQ(decoded("Zm8\n=\n"), "fo");
  EXPECT_EQ(decoded("\n\r\n"), "");
}

TEST(Base64, refusesWhatGoRefuses) {
  for (const std::string_view text : {"Zg", "Zg=", "Zm8", "Zm9vYg", "Zg===", "Zg==Zg==", "Z", "=",
                                      "====", "Zm9-", "Zm9_", "Zm 9v", "Zm9v Zm9v", "Z===", "Zg==x"}) {
    EXPECT_EQ(decoded(text), "<invalid>") << text;
  }
  EXPECT_EQ(decoded(std::string_view("Zm9v\0", 5)), "<invalid>");
  EXPECT_EQ(decoded(std::string_view("Zm9v\0\n", 6)), "<invalid>");
  EXPECT_EQ(decoded(std::string_view("Zm8=\0", 5)), "<invalid>");
  EXPECT_EQ(decoded(std::string_view("Zg==\0", 5)), "<invalid>");
}

TEST(Base64, decodesInPlace) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes plain(size);
    for (auto& byte : plain) byte = static_cast<std::uint8_t>(random());
    std::string text = encodeBase64(plain);
    for (std::size_t i = 0; i < size / 20; ++i) text.insert(random() % (text.size() + 1), "\n");
    text.resize(text.size() + 3, '\0');
    const auto written = decodeBase64(std::string_view(text).substr(0, text.size() - 3),
                                      reinterpret_cast<std::uint8_t*>(text.data()));
    ASSERT_TRUE(written.has_value());
    EXPECT_EQ(std::string_view(text).substr(0, *written), textOf(plain));
  }
}

TEST(Hex, isLowerCaseAndReadsBothCases) {
  EXPECT_EQ(encodeHex(Bytes{0x00, 0xab, 0xff}), "00abff");
  EXPECT_EQ(decodeHex("00AbfF"), (Bytes{0x00, 0xab, 0xff}));
  EXPECT_FALSE(decodeHex("0"));
  EXPECT_FALSE(decodeHex("0g"));
}

TEST(Utf8, replacesEachBytesOfAnIllFormedSequence) {
  EXPECT_EQ(toValidUtf8("a\xc3\xa4\xf0\x9f\x98\x80"), "a\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(toValidUtf8("\xff"), "\xef\xbf\xbd");
  EXPECT_EQ(toValidUtf8("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  EXPECT_EQ(toValidUtf8("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
  EXPECT_EQ(toValidUtf8("x\xe2\x82"), "x\xef\xbf\xbd\xef\xbf\xbd");                // cut short
}

TEST(JsonString, escapesQuotesBackslashesAndControls) {
  std::string out;
  appendJsonEscaped(out, std::string_view("a\"b\\c\n\t\r\x01\x1f\xc3\xa4", 12));
  EXPECT_EQ(out, "a\\\"b\\\\c\\n\\t\\r\\u0001\\u001f\xc3\xa4");
}

TEST(JsonEscape, leavesNoControlCharacterForATerminal) {
  std::string out;
  appendJsonEscaped(out,
                    "\x7f|\xc2\x80|\xc2\x9b"
                    "31m|\xc2\x9f|\xc2\xa0|\xc3\x9b|\x1b[31m");
  EXPECT_EQ(out,
            "\\u007f|\\u0080|\\u009b"
            "31m|\\u009f|\xc2\xa0|\xc3\x9b|\\u001b[31m");
}

}  // namespace
}  // namespace kes::base
