// Request bodies (api/body.h) and the JSON reader below them (base/json_reader.h).
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "api/body.h"
#include "base/encoding.h"
#include "base/json_reader.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

base::Bytes copyOf(base::ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

void requireInside(base::ByteView part, base::ByteView whole) {
  if (part.empty()) return;
  const std::less_equal<> notBehind;
  require(notBehind(whole.data(), part.data()) &&
              notBehind(part.data() + part.size(), whole.data() + whole.size()),
          "what was read lies in the body");
}

bool same(const api::CryptoBody& a, const api::CryptoBody& b) {
  return std::ranges::equal(a.input, b.input) && std::ranges::equal(a.context, b.context);
}

// Whether the body is one value with nothing but white space behind it.
bool isOneValue(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  base::JsonReader json(copy);
  return json.doneAtEnd();
}

void checkCrypto(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  const auto decoded = api::decodeCrypto(copy, "ciphertext");
  if (!decoded) return;
  requireInside(decoded->input, copy);
  requireInside(decoded->context, copy);

  base::Bytes followed = copyOf(base::bytesOf(" \r\n\t"));
  followed.insert(followed.end(), body.begin(), body.end());
  followed.insert(followed.end(), {' ', '}', 0});
  const auto again = api::decodeCrypto(followed, "ciphertext");
  require(again && same(*again, *decoded), "what surrounds the first value does not count");

  std::string written = R"({"ciphertext":")" + base::encodeBase64(decoded->input) + R"(","context":")" +
                        base::encodeBase64(decoded->context) + "\"}";
  base::Bytes text = copyOf(base::bytesOf(written));
  const auto reread = api::decodeCrypto(text, "ciphertext");
  require(reread && same(*reread, *decoded), "written anew it reads the same");
}

// A list of one body holds what the body alone holds. (The other way round the list may be too deep.)
void checkBulkOfOne(base::ByteView body) {
  if (!isOneValue(body)) return;
  base::Bytes listed = {'['};
  listed.insert(listed.end(), body.begin(), body.end());
  listed.push_back(']');
  const auto items = api::decodeBulk(listed);
  if (!items) return;
  require(items->size() == 1, "a list of one has one item");
  base::Bytes copy = copyOf(body);
  const auto alone = api::decodeCrypto(copy, "ciphertext");
  require(alone && same(*alone, {items->front().ciphertext, items->front().context}),
          "and the item is the body");
}

void checkBulk(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  const auto items = api::decodeBulk(copy);
  if (!items) return;
  require(items->size() <= api::kMaxBulkItems + 1, "there are no more items than are looked at");
  for (const auto& item : *items) {
    requireInside(item.ciphertext, copy);
    requireInside(item.context, copy);
  }
}

void checkImport(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  const auto decoded = api::decodeImport(copy);
  if (!decoded) return;
  requireInside(decoded->key, copy);
  require(base::toValidUtf8(decoded->cipher) == decoded->cipher, "strings are UTF-8");

  const std::string written = R"({"bytes":")" + base::encodeBase64(decoded->key) + R"(","algorithm":")" +
                              api::escapedJson(decoded->cipher) + "\"}";
  base::Bytes text = copyOf(base::bytesOf(written));
  const auto reread = api::decodeImport(text);
  require(reread && std::ranges::equal(reread->key, decoded->key) && reread->cipher == decoded->cipher,
          "written anew it reads the same");
}

std::string written(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const auto& text : texts) json += (json.size() == 1 ? "\"" : ",\"") + api::escapedJson(text) + '"';
  return json + ']';
}

void checkPolicy(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  const auto decoded = api::decodePolicy(copy);
  if (!decoded) return;
  base::Bytes text = copyOf(
      base::bytesOf(R"({"allow":)" + written(decoded->allow) + R"(,"deny":)" + written(decoded->deny) + '}'));
  const auto reread = api::decodePolicy(text);
  require(reread && reread->allow == decoded->allow && reread->deny == decoded->deny,
          "written anew it reads the same");
}

void checkAssignment(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  const auto decoded = api::decodeAssignment(copy);
  if (!decoded) return;
  base::Bytes text = copyOf(base::bytesOf(R"({"identity":")" + api::escapedJson(*decoded) + "\"}"));
  require(api::decodeAssignment(text) == *decoded, "written anew it reads the same");
}

// Whatever bytes a string is made of: escaped, it is JSON, and reads as Go would read it.
void checkEscaping(std::string_view text) {
  base::Bytes json = copyOf(base::bytesOf('"' + api::escapedJson(text) + '"'));
  base::JsonReader reader(json);
  std::string read = "?";
  reader.readString(read);
  require(reader.doneAtEnd() && read == base::toValidUtf8(text), "an escaped text reads as the text");
  require(api::escapedHtml(text).find_first_of("<>\"'") == std::string::npos, "nothing leaves an attribute");
}

void checkScalars(base::ByteView body) {
  base::Bytes copy = copyOf(body);
  base::JsonReader reader(copy);
  std::int64_t number = 7;
  reader.readInteger(number);
  if (!reader.done() || number == 7) return;
  base::Bytes text = copyOf(base::bytesOf(std::to_string(number)));
  base::JsonReader again(text);
  std::int64_t reread = 0;
  again.readInteger(reread);
  require(again.doneAtEnd() && reread == number, "a number written anew reads the same");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kes::fuzz;
  const kes::base::ByteView body(data, size);
  checkCrypto(body);
  checkBulk(body);
  checkBulkOfOne(body);
  checkImport(body);
  checkPolicy(body);
  checkAssignment(body);
  checkEscaping(kes::base::textOf(body));
  checkScalars(body);
  return 0;
}
