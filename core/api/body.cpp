#include "api/body.h"

#include "base/encoding.h"
#include "base/json_reader.h"

namespace kes::api {

std::optional<CryptoBody> decodeCrypto(base::ByteSpan body, std::string_view member) {
  base::JsonReader json(body);
  base::ByteSpan input;
  base::ByteSpan context;
  json.beginObject();
  while (json.nextMember()) {
    if (!member.empty() && json.nameIs(member)) {
      json.readBytes(input);
    } else if (json.nameIs("context")) {
      json.readBytes(context);
    }
  }
  if (!json.done()) return std::nullopt;
  return CryptoBody{input, context};
}

std::optional<ImportBody> decodeImport(base::ByteSpan body) {
  base::JsonReader json(body);
  base::ByteSpan key;
  ImportBody decoded;
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("key") || json.nameIs("bytes")) {
      json.readBytes(key);
    } else if (json.nameIs("cipher") || json.nameIs("algorithm")) {
      json.readString(decoded.cipher);
    }
  }
  if (!json.done()) return std::nullopt;
  decoded.key = key;
  return decoded;
}

std::optional<std::vector<BulkItem>> decodeBulk(base::ByteSpan body) {
  base::JsonReader json(body);
  std::vector<BulkItem> items;
  json.beginArray();
  while (json.nextElement()) {
    base::ByteSpan ciphertext;
    base::ByteSpan context;
    json.beginObject();
    while (json.nextMember()) {
      if (json.nameIs("ciphertext")) {
        json.readBytes(ciphertext);
      } else if (json.nameIs("context")) {
        json.readBytes(context);
      }
    }
    if (items.size() <= kMaxBulkItems) items.push_back({ciphertext, context});
  }
  if (!json.done()) return std::nullopt;
  return items;
}

std::string escapedHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&#34;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string escapedJson(std::string_view text) {
  std::string escaped;
  base::appendJsonEscaped(escaped, text);
  return escaped;
}

}  // namespace kes::api
