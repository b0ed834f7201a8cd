#include "api/body.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace kes::api {
namespace {

base::ByteSpan writable(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

TEST(CryptoBody, readsInputAndContext) {
  std::string text = R"({"version":{"any":[1]},"Plaintext":"aGVsbG8=","CONTEXT":"Y3R4","x":1} trailing)";
  const auto body = decodeCrypto(writable(text), "plaintext");
  ASSERT_TRUE(body);
  EXPECT_EQ(base::textOf(body->input), "hello");
  EXPECT_EQ(base::textOf(body->context), "ctx");
}

TEST(CryptoBody, takesAbsentNullAndEmptyMembersAsEmpty) {
  for (std::string text :
       {R"({})", R"({"plaintext":null,"context":null})", R"({"plaintext":"","context":""})", "null"}) {
    const auto body = decodeCrypto(writable(text), "plaintext");
    ASSERT_TRUE(body) << text;
    EXPECT_TRUE(body->input.empty());
    EXPECT_TRUE(body->context.empty());
  }
}

TEST(CryptoBody, refusesMalformedBodies) {
  for (std::string text :
       {"", " ", "[]", "1", "\"x\"", R"({"plaintext":1})", R"({"plaintext":"a"})", R"({"plaintext":"aGk"})",
        R"({"plaintext":"aGk_"})", R"({"plaintext":"aGVsbG8=")", R"({"context":{}})"}) {
    EXPECT_FALSE(decodeCrypto(writable(text), "plaintext")) << text;
  }
}

TEST(Body, tellsNestingThatIsTooDeepFromOtherMistakes) {
  const auto why = [](std::string text, std::uint32_t depth) {
    const auto body = decodeCrypto(writable(text), "plaintext", depth);
    return body ? std::nullopt : std::optional(body.error());
  };
  EXPECT_EQ(why(R"({"x":[[[]]]})", 4), std::nullopt);
  EXPECT_EQ(why(R"({"x":[[[]]]})", 3), BadBody::tooDeep);
  EXPECT_EQ(why(R"({"x":[[)", 3), BadBody::malformed);

  std::string import = R"({"x":[[[]]]})";
  EXPECT_EQ(decodeImport(writable(import), 3).error(), BadBody::tooDeep);
  std::string bulk = R"([{"ciphertext":[1],"x":[[]]}])";
  EXPECT_EQ(decodeBulk(writable(bulk), 3).error(), BadBody::tooDeep);
}

TEST(ImportBody, readsBothSpellings) {
  std::string modern = R"({"key":"AAEC","cipher":"AES256"})";
  std::string older = R"({"bytes":"AAEC","algorithm":"AES256"})";
  for (std::string* const text : {&modern, &older}) {
    const auto body = decodeImport(writable(*text));
    ASSERT_TRUE(body);
    EXPECT_EQ(base::textOf(body->key), std::string_view("\0\1\2", 3));
    EXPECT_EQ(body->cipher, "AES256");
  }
}

TEST(BulkBody, readsItemsAndStopsKeepingThemBeyondTheLimit) {
  std::string text = R"([{"ciphertext":"YQ=="},{"ciphertext":"Yg==","context":"Yw=="},null])";
  const auto items = decodeBulk(writable(text));
  ASSERT_TRUE(items);
  ASSERT_EQ(items->size(), 3U);
  EXPECT_EQ(base::textOf((*items)[1].ciphertext), "b");
  EXPECT_EQ(base::textOf((*items)[1].context), "c");

  std::string many = "[";
  for (std::size_t i = 0; i < kMaxBulkItems + 500; ++i) many += i == 0 ? "{}" : ",{}";
  many += "]";
  const auto kept = decodeBulk(writable(many));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), kMaxBulkItems + 1);

  std::string broken = R"([{"ciphertext":"YQ=="},)";
  EXPECT_FALSE(decodeBulk(writable(broken)));
}

}  // namespace
}  // namespace kes::api
