#include "api/body.h"

#include "base/encoding.h"

namespace kes::api {
namespace {

std::unexpected<BadBody> bad(const base::JsonReader& json) {
  return std::unexpected(json.tooDeep() ? BadBody::tooDeep : BadBody::malformed);
}

void readTexts(base::JsonReader& json, std::vector<std::string>& texts) {
  texts.clear();
  json.beginArray();
  while (json.nextElement()) json.readString(texts.emplace_back());
}

}  // namespace

Decoded<CryptoBody> decodeCrypto(base::ByteSpan body, std::string_view member, std::uint32_t depth) {
  base::JsonReader json(body, depth);
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
  if (!json.done()) return bad(json);
  return CryptoBody{input, context};
}

Decoded<ImportBody> decodeImport(base::ByteSpan body, std::uint32_t depth) {
  base::JsonReader json(body, depth);
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
  if (!json.done()) return bad(json);
  decoded.key = key;
  return decoded;
}

Decoded<std::vector<BulkItem>> decodeBulk(base::ByteSpan body, std::uint32_t depth) {
  base::JsonReader json(body, depth);
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
  if (!json.done()) return bad(json);
  return items;
}

Decoded<PolicyBody> decodePolicy(base::ByteSpan body, std::uint32_t depth) {
  base::JsonReader json(body, depth);
  PolicyBody decoded;
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("allow")) {
      readTexts(json, decoded.allow);
    } else if (json.nameIs("deny")) {
      readTexts(json, decoded.deny);
    }
  }
  if (!json.done()) return bad(json);
  return decoded;
}

Decoded<std::string> decodeAssignment(base::ByteSpan body, std::uint32_t depth) {
  base::JsonReader json(body, depth);
  std::string identity;
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("identity")) json.readString(identity);
  }
  if (!json.done()) return bad(json);
  return identity;
}

std::string escapedHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(5 * text.size());  // growing would leave copies behind
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
