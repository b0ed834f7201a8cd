#include "client/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/encoding.h"
#include "base/json_reader.h"
#include "base/time.h"

namespace kes::client {
namespace {

constexpr std::size_t kMaxVersionAnswer = 1024;
// Of the bulk route: ciphertexts per call, and a size that stays below every server's body limit.
constexpr std::size_t kMaxBatch = 1000;
constexpr std::size_t kMaxBatchSize = 900'000;

// A path segment with everything but RFC 3986 §2.3's unreserved characters percent-encoded.
std::string escaped(std::string_view segment) {
  std::string out;
  for (const char c : segment) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::unexpected<Error> malformed(std::string_view what) {
  return std::unexpected(
      Error{Failure::malformed, 0, fmt::format("the server's answer is not a valid {}", what)});
}

// {"field":"base64",…}; the size is reserved before, so that no secret is left behind by growth.
class JsonBody {
 public:
  explicit JsonBody(std::size_t size) {
    body_.text.reserve(size + 64);
    body_.text += '{';
  }

  JsonBody& bytes(std::string_view name, base::ByteView value) {
    field(name);
    const std::size_t at = body_.text.size();
    body_.text.resize(at + base::base64Size(value.size()));
    base::encodeBase64(value, body_.text.data() + at);
    body_.text += '"';
    return *this;
  }
  // Left out when empty, as an absent value means the same.
  JsonBody& optionalBytes(std::string_view name, base::ByteView value) {
    return value.empty() ? *this : bytes(name, value);
  }
  JsonBody& text(std::string_view name, std::string_view value) {
    field(name);
    base::appendJsonEscaped(body_.text, value);
    body_.text += '"';
    return *this;
  }
  [[nodiscard]] WipedText close() {
    body_.text += '}';
    return std::move(body_);
  }

 private:
  void field(std::string_view name) {
    if (body_.text.size() > 1) body_.text += ',';
    body_.text.append("\"").append(name).append("\":\"");
  }

  WipedText body_;
};

std::size_t encodedSize(const Sealed& sealed) {
  constexpr std::size_t kSyntax = 40;
  return base::base64Size(sealed.ciphertext.size()) + base::base64Size(sealed.context.size()) + kSyntax;
}

bool readStatus(base::Secret& body, Status& out) {
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("version")) {
      json.readString(out.version);
    } else if (json.nameIs("os")) {
      json.readString(out.os);
    } else if (json.nameIs("arch")) {
      json.readString(out.arch);
    } else if (json.nameIs("uptime")) {
      json.readInteger(out.uptime);
    } else if (json.nameIs("num_cpu")) {
      json.readInteger(out.cpus);
    } else if (json.nameIs("num_cpu_used")) {
      json.readInteger(out.usableCpus);
    } else if (json.nameIs("mem_heap_used")) {
      json.readInteger(out.heapUsed);
    } else if (json.nameIs("mem_stack_used")) {
      json.readInteger(out.stackUsed);
    } else if (json.nameIs("keystore_latency")) {
      json.readInteger(out.keystoreLatency);
    } else if (json.nameIs("keystore_unreachable")) {
      json.readBool(out.keystoreUnreachable);
    } else if (json.nameIs("keystore_unavailable")) {
      json.readBool(out.keystoreUnavailable);
    }
  }
  return json.done();
}

void readApi(base::JsonReader& json, Api& out) {
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("method")) {
      json.readString(out.method);
    } else if (json.nameIs("path")) {
      json.readString(out.path);
    } else if (json.nameIs("max_body")) {
      json.readInteger(out.maxBody);
    } else if (json.nameIs("timeout")) {
      json.readInteger(out.timeout);
    }
  }
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

bool readNames(base::Secret& body, std::vector<std::string>& names, std::string& next) {
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("names")) {
      json.beginArray();
      while (json.nextElement()) json.readString(names.emplace_back());
    } else if (json.nameIs("continue_at")) {
      json.readString(next);
    }
  }
  return json.done();
}

// One JSON object per line, as older servers list; {"error": …} breaks the listing off.
Result<void> readNameLines(base::Secret& body, std::vector<std::string>& names) {
  base::ByteSpan rest = body.revealMutable();
  while (!rest.empty()) {
    const auto line = rest.first(std::min(base::textOf(rest).find('\n'), rest.size()));
    rest = rest.subspan(std::min(line.size() + 1, rest.size()));
    std::string name;
    std::string error;
    base::JsonReader json(line);
    json.beginObject();
    while (json.nextMember()) {
      if (json.nameIs("name")) {
        json.readString(name);
      } else if (json.nameIs("error")) {
        json.readString(error);
      }
    }
    if (!json.done()) return malformed("list");
    if (!error.empty()) return std::unexpected(Error{Failure::answered, 0, std::move(error)});
    names.push_back(std::move(name));
  }
  return {};
}

// An unknown route is answered with this text by newer servers and with 501 by older ones.
bool lacksRoute(const Error& error) {
  return error.status == 501 || (error.status == 404 && error.message == "404 page not found");
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

Result<void> withoutBody(Result<Response> response) {
  if (!response) return std::unexpected(std::move(response.error()));
  return {};
}

}  // namespace

Result<Version> Client::version() {
  auto response = transport_.send({.method = "GET", .path = "/version", .limit = kMaxVersionAnswer});
  if (!response) return std::unexpected(response.error());
  Version version;
  base::JsonReader json(response->body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("version")) {
      json.readString(version.version);
    } else if (json.nameIs("commit")) {
      json.readString(version.commit);
    }
  }
  if (!json.done()) return malformed("version");
  return version;
}

Result<void> Client::ready() {
  return withoutBody(transport_.send({.method = "GET", .path = "/v1/ready"}));
}

Result<Status> Client::status() {
  auto response = transport_.send({.method = "GET", .path = "/v1/status"});
  if (!response) return std::unexpected(response.error());
  Status status;
  if (!readStatus(response->body, status)) return malformed("status");
  return status;
}

Result<std::vector<Api>> Client::apis() {
  auto response = transport_.send({.method = "GET", .path = "/v1/api"});
  if (!response) return std::unexpected(response.error());
  std::vector<Api> apis;
  base::JsonReader json(response->body.revealMutable());
  json.beginArray();
  while (json.nextElement()) readApi(json, apis.emplace_back());
  if (!json.done()) return malformed("list of APIs");
  return apis;
}

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
  if (prefix.ends_with('*')) prefix.remove_suffix(1);
  std::vector<std::string> names;
  // Every server takes `*` for everything; not all of them take the empty pattern.
  std::string pattern(prefix.empty() ? "*" : prefix);
  for (;;) {
    const std::size_t before = names.size();
    std::string next;
    if (auto page = listPage(pattern, names, next); !page) return std::unexpected(page.error());
    if (next.empty() || names.size() == before) return names;
    if (next == pattern) return malformed("list: it does not get on");
    pattern = std::move(next);
  }
}

Result<void> Client::listPage(std::string_view pattern, std::vector<std::string>& names, std::string& next) {
  auto response = transport_.send({.method = "GET", .path = "/v1/key/list/" + escaped(pattern)});
  if (!response) return std::unexpected(response.error());
  if (response->contentType == "application/x-ndjson") return readNameLines(response->body, names);
  if (!readNames(response->body, names, next)) return malformed("list");
  return {};
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
