#include "base/json_reader.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kes::base {
namespace {

ByteSpan bytesOf(std::string& text) {
  return {reinterpret_cast<std::uint8_t*>(text.data()), text.size()};
}

struct Message {
  std::string text;
  std::string bytes;
  std::int64_t number = 0;
  bool flag = false;
};

constexpr std::string_view kInvalid = "<invalid>";

// Reads {"text", "bytes", "number", "flag"} as a route reads its body.
bool read(std::string json, Message& message) {
  ByteSpan bytes;
  JsonReader reader(bytesOf(json));
  reader.beginObject();
  while (reader.nextMember()) {
    if (reader.nameIs("text")) {
      reader.readString(message.text);
    } else if (reader.nameIs("bytes")) {
      reader.readBytes(bytes);
    } else if (reader.nameIs("number")) {
      reader.readInteger(message.number);
    } else if (reader.nameIs("flag")) {
      reader.readBool(message.flag);
    }
  }
  if (!reader.done()) return false;
  message.bytes = textOf(bytes);
  return true;
}

std::string textIn(const std::string& json) {
  Message message;
  return read(json, message) ? message.text : std::string(kInvalid);
}

std::string bytesIn(const std::string& json) {
  Message message;
  return read(json, message) ? message.bytes : std::string(kInvalid);
}

bool isValue(std::string json) {
  return JsonReader(bytesOf(json)).done();
}

bool isWholeText(std::string json) {
  return JsonReader(bytesOf(json)).doneAtEnd();
}

using Cases = std::vector<std::pair<std::string, std::string>>;

TEST(JsonReader, readsMembersOfEveryTypeInAnyOrder) {
  Message message;
  ASSERT_TRUE(read(R"( { "flag" : true , "number":-42,"bytes":"aGVsbG8=" ,"text":"a b" } )", message));
  EXPECT_EQ(message.text, "a b");
  EXPECT_EQ(message.bytes, "hello");
  EXPECT_EQ(message.number, -42);
  EXPECT_TRUE(message.flag);
}

TEST(JsonReader, decodesEscapesAndRepairsIllFormedUnicode) {
  const Cases cases = {
      {R"({"text":"\"\\\/\b\f\n\r\t"})", "\"\\/\b\f\n\r\t"},
      {R"({"text":"\u0041\u00e9\u20AC\uD83D\uDE00"})", "A\u00e9\u20ac\U0001F600"},
      {R"({"text":"\u0000"})", std::string(1, '\0')},
      {R"({"text":"\ud800"})", "\uFFFD"},
      {R"({"text":"\ud800x"})", "\uFFFDx"},
      {R"({"text":"\ud800\u0041"})", "\uFFFDA"},
      {R"({"text":"\udc00\ud800"})", "\uFFFD\uFFFD"},
      {R"({"text":"\ud800\ud83d\ude00"})", "\uFFFD\U0001F600"},
      {"{\"text\":\"a\xFF\xC3z\"}", "a\uFFFD\uFFFDz"},
      {"{\"text\":\"\xED\xA0\x80\"}", "\uFFFD\uFFFD\uFFFD"},
      {"{\"text\":\"\x7F\u00e9\"}", "\x7F\u00e9"},
      {R"({"text":""})", ""},
  };
  for (const auto& [json, text] : cases) EXPECT_EQ(textIn(json), text) << json;
}

TEST(JsonReader, readsTextInPlaceWithoutRepairingIt) {
  std::string json = "[\"\\u0041\xFF/\", null, \"\"]";
  std::string_view text = "before";
  JsonReader reader(bytesOf(json));
  reader.beginArray();
  ASSERT_TRUE(reader.nextElement());
  reader.readText(text);
  EXPECT_EQ(text, "A\xFF/");
  ASSERT_TRUE(reader.nextElement());
  reader.readText(text);
  EXPECT_EQ(text, "A\xFF/");
  ASSERT_TRUE(reader.nextElement());
  reader.readText(text);
  EXPECT_EQ(text, "");
  EXPECT_FALSE(reader.nextElement());
  EXPECT_TRUE(reader.doneAtEnd());
}

TEST(JsonReader, readsBytesFromBase64AndFromArraysOfNumbers) {
  const Cases cases = {
      {R"({"bytes":"aGVsbG8="})", "hello"},
      {R"({"bytes":"aGVs\nbG\r\n8="})", "hello"},
      {R"({"bytes":"\u0061GVsbG8="})", "hello"},
      {R"({"bytes":"Pz8\/"})", "???"},
      {R"({"bytes":""})", ""},
      {R"({"bytes":null})", ""},
      {R"({"bytes":[]})", ""},
      {R"({"bytes":[104,105]})", "hi"},
      {R"({"bytes": [ 0 , 255 ] })", std::string("\0\xFF", 2)},
      {R"({"bytes":[1,null,3]})", std::string("\1\0\3", 3)},
  };
  for (const auto& [json, bytes] : cases) EXPECT_EQ(bytesIn(json), bytes) << json;
}

TEST(JsonReader, refusesBytesOfAnyOtherShape) {
  const std::vector<std::string> cases = {
      R"({"bytes":"aGVsbG8"})",
      R"({"bytes":"aGVsbG8=="})",
      R"({"bytes":"-_-_"})",
      R"({"bytes":"aGVs bG8="})",
      R"({"bytes":"\u00e9"})",
      "{\"bytes\":\"aGVs\nbG8=\"}",
      "{\"bytes\":\"aGVs\xFF\"}",
      R"({"bytes":[256]})",
      R"({"bytes":[-1]})",
      R"({"bytes":[1.0]})",
      R"({"bytes":[1e0]})",
      R"({"bytes":["a"]})",
      R"({"bytes":[[1]]})",
      R"({"bytes":[1,]})",
      R"({"bytes":[1)",
      R"({"bytes":1})",
      R"({"bytes":true})",
      R"({"bytes":{}})",
      R"({"bytes":[99999999999999999999]})",
  };
  for (const std::string& json : cases) EXPECT_EQ(bytesIn(json), kInvalid) << json;
}

TEST(JsonReader, refusesValuesOfTheWrongType) {
  const std::vector<std::string> cases = {
      R"({"text":1})",      R"({"text":true})",  R"({"text":[]})",     R"({"text":{}})",
      R"({"number":"1"})",  R"({"number":1.5})", R"({"number":1e3})",  R"({"number":9223372036854775808})",
      R"({"number":true})", R"({"flag":1})",     R"({"flag":"true"})",
  };
  for (const std::string& json : cases) EXPECT_EQ(textIn(json), kInvalid) << json;
}

TEST(JsonReader, nullEmptiesBytesAndLeavesOtherValuesAlone) {
  Message message;
  ASSERT_TRUE(read(R"({"text":"a","bytes":"aGk=","number":7,"flag":true,
                       "text":null,"bytes":null,"number":null,"flag":null})",
                   message));
  EXPECT_EQ(message.text, "a");
  EXPECT_EQ(message.bytes, "");
  EXPECT_EQ(message.number, 7);
  EXPECT_TRUE(message.flag);
}

TEST(JsonReader, nullCountsAsAnEmptyObject) {
  EXPECT_EQ(textIn("null"), "");
  EXPECT_EQ(textIn(" null junk"), "");
  EXPECT_EQ(textIn("nul"), kInvalid);
}

TEST(JsonReader, matchesNamesAsGoFoldsThem) {
  const std::vector<std::string> names = {"number", "Number", "NUMBER", R"(n\u0075mber)", R"(\u004eumber)"};
  for (const std::string& name : names) {
    Message message;
    ASSERT_TRUE(read("{\"" + name + "\":5}", message)) << name;
    EXPECT_EQ(message.number, 5) << name;
  }
  for (const std::string name : {"byte\u017f", R"(byte\u017F)"}) {
    EXPECT_EQ(bytesIn("{\"" + name + "\":\"aGk=\"}"), "hi") << name;
  }
  std::string kelvin = "{\"\u212aey\":1}";
  JsonReader reader(bytesOf(kelvin));
  reader.beginObject();
  ASSERT_TRUE(reader.nextMember());
  EXPECT_TRUE(reader.nameIs("key"));
  EXPECT_FALSE(reader.nameIs("ke"));
  EXPECT_FALSE(reader.nameIs("keys"));
}

TEST(JsonReader, doesNotMatchOtherNames) {
  for (const std::string name : {"", "numbe", "numbers", "numb\xFFr", R"(numb\ud800r)", " number"}) {
    Message message;
    ASSERT_TRUE(read("{\"" + name + "\":5}", message)) << name;
    EXPECT_EQ(message.number, 0) << name;
  }
}

TEST(JsonReader, tellsNamesAndShapesOfValues) {
  std::string json = R"({"a\u002fb":{},"c": [1],"d":"x"})";
  JsonReader reader(bytesOf(json));
  std::vector<std::string> seen;
  reader.beginObject();
  while (reader.nextMember()) {
    seen.push_back(reader.name() + (reader.isObject() ? " object" : reader.isArray() ? " array" : ""));
  }
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(seen, (std::vector<std::string>{"a/b object", "c array", "d"}));
  EXPECT_FALSE(reader.isObject());
}

TEST(JsonReader, lastOfEqualMembersCounts) {
  EXPECT_EQ(textIn(R"({"text":"a","TEXT":"b"})"), "b");
  EXPECT_EQ(bytesIn(R"({"bytes":"aGk=","bytes":[98]})"), "b");
}

TEST(JsonReader, passesOverMembersNobodyReads) {
  EXPECT_EQ(textIn(R"({"x":{"text":"no","y":[1,{"z":null}]},"v":-1.5e+3,"w":"\"}","text":"yes","u":[]})"),
            "yes");
}

TEST(JsonReader, checksTheSyntaxOfMembersNobodyReads) {
  const std::vector<std::string> values = {
      "",           "tru",   "True", "01",        "-",       "1.",       ".5",
      "1e",         "+1",    "NaN",  "'a'",       "\"a",     "\"\\x\"",  "\"\\u12g4\"",
      "\"\t\"",     "[1,]",  "[,1]", "[1 2]",     "{\"a\"}", "{\"a\":}", "{,}",
      "{\"a\":1,}", "{a:1}", "[1}",  "{\"a\":1]", "/**/1",   "\"\\ud8\""};
  for (const std::string& value : values) EXPECT_FALSE(isValue("{\"x\":" + value + "}")) << value;
}

TEST(JsonReader, readsTheFirstValueOnly) {
  EXPECT_EQ(textIn(R"({"text":"a"}{"text":"b"})"), "a");
  EXPECT_EQ(textIn("{\"text\":\"a\"} \xFF garbage"), "a");
  EXPECT_FALSE(isWholeText(R"({"text":"a"} {})"));
  EXPECT_TRUE(isWholeText(" {\"text\":\"a\"}\r\n\t "));
}

TEST(JsonReader, refusesTextThatEndsEarlyAtEveryByte) {
  const std::string whole = R"({"text":"a\u00e9","bytes":[1,2],"x":{"y":[true,-1.5e2]}})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(textIn(whole.substr(0, size)), kInvalid) << size;
  }
  EXPECT_EQ(textIn(whole), "a\u00e9");
}

TEST(JsonReader, refusesTopLevelValuesThatAreNotObjects) {
  for (const std::string json : {"", " ", "[]", "\"a\"", "1", "true", "\xEF\xBB\xBF{}", "}"}) {
    EXPECT_EQ(textIn(json), kInvalid) << json;
  }
}

TEST(JsonReader, walksArraysOfObjects) {
  std::string json = R"({"names":["a",null,"c"],"pairs":[{"n":1,"m":[2]},null,{"n":3}]} trailing)";
  std::vector<std::string> names;
  std::vector<std::int64_t> numbers;
  JsonReader reader(bytesOf(json));
  reader.beginObject();
  while (reader.nextMember()) {
    if (reader.nameIs("names")) {
      reader.beginArray();
      while (reader.nextElement()) reader.readString(names.emplace_back());
    } else if (reader.nameIs("pairs")) {
      reader.beginArray();
      while (reader.nextElement()) {
        reader.beginObject();
        while (reader.nextMember()) {
          if (reader.nameIs("n")) reader.readInteger(numbers.emplace_back());
        }
      }
    }
  }
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(names, (std::vector<std::string>{"a", "", "c"}));
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 3}));
}

TEST(JsonReader, nestsSixtyFourDeepAndNoDeeper) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(isValue(nested(64)));
  EXPECT_FALSE(isValue(nested(65)));
  EXPECT_FALSE(isValue(std::string(1'000'000, '[')));
  EXPECT_EQ(textIn("{\"x\":" + nested(63) + ",\"text\":\"a\"}"), "a");
  EXPECT_EQ(textIn("{\"x\":" + nested(64) + ",\"text\":\"a\"}"), kInvalid);
}

TEST(JsonReader, tellsNestingBeyondItsLimitFromOtherErrors) {
  const auto read = [](std::string json, std::uint32_t maxDepth) {
    JsonReader reader(bytesOf(json), maxDepth);
    reader.beginObject();
    while (reader.nextMember()) {
    }
    return std::pair(reader.done(), reader.tooDeep());
  };
  EXPECT_EQ(read(R"({"x":[[1]]})", 3), std::pair(true, false));
  EXPECT_EQ(read(R"({"x":[[1]]})", 2), std::pair(false, true));
  EXPECT_EQ(read(R"({"x":[[1})", 3), std::pair(false, false));
}

TEST(JsonReader, isNotDoneBeforeTheObjectEnds) {
  std::string json = R"({"a":1,"b":2})";
  JsonReader reader(bytesOf(json));
  reader.beginObject();
  ASSERT_TRUE(reader.nextMember());
  EXPECT_FALSE(reader.done());
}

TEST(JsonReader, readingAValueTwiceIsAnError) {
  std::string json = R"({"number":1})";
  JsonReader reader(bytesOf(json));
  std::int64_t number = 0;
  reader.beginObject();
  ASSERT_TRUE(reader.nextMember());
  reader.readInteger(number);
  reader.readInteger(number);
  EXPECT_FALSE(reader.nextMember());
  EXPECT_FALSE(reader.done());
}

}  // namespace
}  // namespace kes::base
