// The calls about keys.

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/json_reader.h"
#include "base/time.h"
#include "client/calls.h"
#include "client/client.h"
#include "client/json_body.h"

namespace kes::client {
namespace {

// Of the bulk route: ciphertexts per call, and a size that stays below every server's body limit.
constexpr std::size_t kMaxBatch = 1000;
constexpr std::size_t kMaxBatchSize = 900'000;

std::size_t encodedSize(const Sealed& sealed) {
  constexpr std::size_t kSyntax = 40;
  return base::base64Size(sealed.ciphertext.size()) + base::base64Size(sealed.context.size()) + kSyntax;
}

bool readKeyInfo(base::Secret& body, KeyInfo& out) {
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("name")) {
      json.readString(out.name);
    } else if (json.nameIs("algorithm")) {
      json.readString(out.algorithm);
    } else if (json.nameIs("created_at")) {
      json.readString(out.createdAt);
    } else if (json.nameIs("created_by")) {
      json.readString(out.createdBy);
    }
  }
  return json.done() && base::parseRfc3339(out.createdAt).has_value();
}

// The bytes of the answer's field `name` as a view into it, or nothing when there is no such field.
std::optional<base::ByteSpan> readField(base::Secret& body, std::string_view name) {
  base::ByteSpan bytes;
  bool found = false;
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (!json.nameIs(name)) continue;
    json.readBytes(bytes);
    found = true;
  }
  if (!json.done() || !found) return std::nullopt;
  return bytes;
}

base::Bytes copyOf(base::ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Result<void> Client::createKey(std::string_view name) {
  return withoutBody(transport_.send({.method = "PUT",
                                      .path = "/v1/key/create/" + escaped(name),
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

Result<void> Client::importKey(std::string_view name, const base::Secret& key, std::string_view cipher) {
  const WipedText body = JsonBody(base::base64Size(key.size()) + 2 * cipher.size())
                             .bytes("key", key.reveal())
                             .text("cipher", cipher)
                             .close();
  return withoutBody(transport_.send({.method = "PUT",
                                      .path = "/v1/key/import/" + escaped(name),
                                      .body = &body,
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

Result<KeyInfo> Client::describeKey(std::string_view name) {
  auto response = transport_.send({.method = "GET", .path = "/v1/key/describe/" + escaped(name)});
  if (!response) return std::unexpected(response.error());
  KeyInfo info;
  if (!readKeyInfo(response->body, info)) return malformed("key description");
  return info;
}

Result<void> Client::deleteKey(std::string_view name) {
  return withoutBody(transport_.send({.method = "DELETE",
                                      .path = "/v1/key/delete/" + escaped(name),
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

Result<std::vector<std::string>> Client::listKeys(std::string_view prefix) {
  return list("/v1/key/list/", "names", prefix);
}

Result<DataKey> Client::generateKey(std::string_view name, base::ByteView context) {
  const WipedText body = JsonBody(base::base64Size(context.size())).optionalBytes("context", context).close();
  auto response =
      transport_.send({.method = "PUT", .path = "/v1/key/generate/" + escaped(name), .body = &body});
  if (!response) return std::unexpected(response.error());
  base::ByteSpan plaintext;
  base::ByteSpan ciphertext;
  base::JsonReader json(response->body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("plaintext")) {
      json.readBytes(plaintext);
    } else if (json.nameIs("ciphertext")) {
      json.readBytes(ciphertext);
    }
  }
  if (!json.done() || plaintext.empty() || ciphertext.empty()) return malformed("data encryption key");
  return DataKey{base::Secret::copyOf(plaintext), copyOf(ciphertext)};
}

Result<base::Bytes> Client::encrypt(std::string_view name, base::ByteView plaintext, base::ByteView context) {
  const WipedText body = JsonBody(base::base64Size(plaintext.size()) + base::base64Size(context.size()))
                             .bytes("plaintext", plaintext)
                             .optionalBytes("context", context)
                             .close();
  auto response =
      transport_.send({.method = "PUT", .path = "/v1/key/encrypt/" + escaped(name), .body = &body});
  if (!response) return std::unexpected(response.error());
  const auto ciphertext = readField(response->body, "ciphertext");
  if (!ciphertext) return malformed("ciphertext");
  return copyOf(*ciphertext);
}

Result<base::Secret> Client::decrypt(std::string_view name, base::ByteView ciphertext,
                                     base::ByteView context) {
  const WipedText body = JsonBody(base::base64Size(ciphertext.size()) + base::base64Size(context.size()))
                             .bytes("ciphertext", ciphertext)
                             .optionalBytes("context", context)
                             .close();
  auto response =
      transport_.send({.method = "PUT", .path = "/v1/key/decrypt/" + escaped(name), .body = &body});
  if (!response) return std::unexpected(response.error());
  const auto plaintext = readField(response->body, "plaintext");
  if (!plaintext) return malformed("plaintext");
  return base::Secret::copyOf(*plaintext);
}

Result<std::vector<base::Secret>> Client::decryptAll(std::string_view name,
                                                     std::span<const Sealed> ciphertexts) {
  std::vector<base::Secret> plaintexts;
  plaintexts.reserve(ciphertexts.size());
  while (!ciphertexts.empty()) {
    std::size_t count = 0;
    for (std::size_t size = 0; count < std::min(ciphertexts.size(), kMaxBatch); ++count) {
      size += encodedSize(ciphertexts[count]);
      if (count > 0 && size > kMaxBatchSize) break;
    }
    if (auto batch = decryptBatch(name, ciphertexts.first(count), plaintexts); !batch) {
      return std::unexpected(batch.error());
    }
    ciphertexts = ciphertexts.subspan(count);
  }
  return plaintexts;
}

Result<void> Client::decryptBatch(std::string_view name, std::span<const Sealed> batch,
                                  std::vector<base::Secret>& out) {
  WipedText body;
  body.text += '[';
  for (const Sealed& sealed : batch) {
    if (body.text.size() > 1) body.text += ',';
    body.text += JsonBody(encodedSize(sealed))
                     .bytes("ciphertext", sealed.ciphertext)
                     .optionalBytes("context", sealed.context)
                     .close()
                     .text;
  }
  body.text += ']';
  auto response =
      transport_.send({.method = "PUT", .path = "/v1/key/bulk/decrypt/" + escaped(name), .body = &body});
  if (!response && lacksRoute(response.error())) return decryptEach(name, batch, out);
  if (!response) return std::unexpected(response.error());

  const std::size_t expected = out.size() + batch.size();
  base::JsonReader json(response->body.revealMutable());
  json.beginArray();
  while (json.nextElement()) {
    base::ByteSpan plaintext;
    json.beginObject();
    while (json.nextMember()) {
      if (json.nameIs("plaintext")) json.readBytes(plaintext);
    }
    out.push_back(base::Secret::copyOf(plaintext));
  }
  if (!json.done() || out.size() != expected) return malformed("list of plaintexts");
  return {};
}

Result<void> Client::decryptEach(std::string_view name, std::span<const Sealed> batch,
                                 std::vector<base::Secret>& out) {
  for (const Sealed& sealed : batch) {
    auto plaintext = decrypt(name, sealed.ciphertext, sealed.context);
    if (!plaintext) return std::unexpected(plaintext.error());
    out.push_back(std::move(*plaintext));
  }
  return {};
}

Result<Client::Hmac> Client::hmac(std::string_view name, base::ByteView message) {
  const WipedText body = JsonBody(base::base64Size(message.size())).bytes("message", message).close();
  auto response = transport_.send({.method = "PUT", .path = "/v1/key/hmac/" + escaped(name), .body = &body});
  if (!response) return std::unexpected(response.error());
  const auto bytes = readField(response->body, "hmac");
  Hmac hmac;
  if (!bytes || bytes->size() != hmac.size()) return malformed("HMAC");
  std::ranges::copy(*bytes, hmac.begin());
  return hmac;
}

}  // namespace kes::client
