#include "crypto/stored_key.h"

#include <optional>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "base/json_reader.h"
#include "crypto/protobuf.h"

namespace kes::crypto {
namespace {

// The largest blob that any release reads back from a file.
constexpr std::size_t kMaxBlobSize = std::size_t{1} << 20;

// Field numbers of the message KeyVersion and its parts.
constexpr std::uint32_t kSecretKeyField = 1;
constexpr std::uint32_t kHmacKeyField = 2;
constexpr std::uint32_t kCreatedAtField = 3;
constexpr std::uint32_t kCreatedByField = 4;
constexpr std::uint32_t kKeyBytesField = 1;
constexpr std::uint32_t kKeyTypeField = 2;
constexpr std::uint32_t kSecondsField = 1;
constexpr std::uint32_t kNanosField = 2;

constexpr std::uint64_t kHashSha256 = 1;

// 0001-01-01T00:00:00Z … 9999-12-31T23:59:59Z, the range of google.protobuf.Timestamp.
constexpr std::int64_t kMinSeconds = base::Timestamp::kZeroSeconds;
constexpr std::int64_t kMaxSeconds = 253402300799;
constexpr std::uint64_t kMaxNanos = 999'999'999;

// Messages of a fixed pair of fields: {Key, Type} of a secret key, {Key, Hash} of an HMAC key.
struct KeyMessage {
  base::ByteView bytes;
  std::uint64_t type = 0;
};

std::unexpected<base::Failure> malformed(std::string_view what) {
  return base::fail("stored key is malformed: " + std::string(what));
}

base::Outcome<KeyMessage> decodeKeyMessage(base::ByteView message) {
  KeyMessage key;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == kKeyBytesField && field->bytes) key.bytes = *field->bytes;
    if (field->number == kKeyTypeField && field->varint) key.type = *field->varint;
  }
  if (reader.malformed()) return malformed("a key's fields are not protobuf");
  return key;
}

bool isInRange(base::Timestamp time) noexcept {
  return time.seconds >= kMinSeconds && time.seconds <= kMaxSeconds;
}

base::Outcome<base::Timestamp> decodeTimestamp(base::ByteView message) {
  std::uint64_t seconds = 0;
  std::uint64_t nanos = 0;
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == kSecondsField && field->varint) seconds = *field->varint;
    if (field->number == kNanosField && field->varint) nanos = *field->varint;
  }
  const base::Timestamp time{static_cast<std::int64_t>(seconds), static_cast<std::int32_t>(nanos)};
  if (reader.malformed() || !isInRange(time) || nanos > kMaxNanos) {
    return malformed("created_at is not a point in time");
  }
  return time;
}

base::Outcome<void> setSecretKey(base::ByteView message, StoredKey& key) {
  const auto secret = decodeKeyMessage(message);
  if (!secret) return std::unexpected(secret.error());
  if (secret->bytes.size() != kKeySize) return malformed("the secret key is not 32 bytes long");
  key.algorithm = static_cast<Algorithm>(secret->type);
  const bool known = secret->type == static_cast<std::uint64_t>(Algorithm::aes256) ||
                     secret->type == static_cast<std::uint64_t>(Algorithm::chacha20);
  if (!known) return malformed("unknown type of secret key");
  key.key = base::Secret::copyOf(secret->bytes);
  return {};
}

base::Outcome<void> setHmacKey(base::ByteView message, StoredKey& key) {
  const auto hmac = decodeKeyMessage(message);
  if (!hmac) return std::unexpected(hmac.error());
  if (hmac->bytes.size() != kKeySize) return malformed("the HMAC key is not 32 bytes long");
  if (hmac->type != kHashSha256) return malformed("unknown hash of the HMAC key");
  key.hmacKey = base::Secret::copyOf(hmac->bytes);
  return {};
}

base::Outcome<void> setField(const ProtobufReader::Field& field, StoredKey& key) {
  if (!field.bytes) return {};
  if (field.number == kSecretKeyField) return setSecretKey(*field.bytes, key);
  if (field.number == kHmacKeyField) return setHmacKey(*field.bytes, key);
  if (field.number == kCreatedAtField) {
    const auto time = decodeTimestamp(*field.bytes);
    if (!time) return std::unexpected(time.error());
    key.createdAt = *time;
  }
  if (field.number == kCreatedByField) {
    key.createdBy = base::textOf(*field.bytes);
    if (base::toValidUtf8(key.createdBy) != key.createdBy) return malformed("created_by is not UTF-8");
  }
  return {};
}

base::Outcome<StoredKey> decodeProtobuf(base::ByteView message) {
  StoredKey key;
  key.createdAt = {.seconds = 0, .nanos = 0};
  ProtobufReader reader(message);
  while (const auto field = reader.next()) {
    if (const auto set = setField(*field, key); !set) return std::unexpected(set.error());
  }
  if (reader.malformed()) return malformed("it is not protobuf");
  if (key.key.empty()) return malformed("it has no secret key");
  return key;
}

base::Outcome<StoredKey> decodeBase64Protobuf(base::ByteSpan text) {
  const auto size = base::decodeBase64(base::textOf(text), text.data());
  if (!size) return malformed("it is neither JSON nor base64");
  return decodeProtobuf(text.first(*size));
}

base::Outcome<StoredKey> decodeJson(base::ByteSpan text) {
  StoredKey key;
  base::ByteSpan secret;
  std::string_view algorithm;
  std::string_view createdAt;
  base::JsonReader json(text);
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("bytes")) {
      json.readBytes(secret);
    } else if (json.nameIs("algorithm")) {
      json.readText(algorithm);
    } else if (json.nameIs("created_at")) {
      json.readText(createdAt);
    } else if (json.nameIs("created_by")) {
      json.readString(key.createdBy);
    }
  }
  if (!json.doneAtEnd()) return malformed("it is not JSON of a key");
  if (secret.size() != kKeySize) return malformed("the secret key is not 32 bytes long");
  key.key = base::Secret::copyOf(secret);
  key.algorithmRecorded = !algorithm.empty();
  const auto known = parseAlgorithm(key.algorithmRecorded ? algorithm : algorithmName(key.algorithm));
  if (!known) return malformed("unknown algorithm");
  key.algorithm = *known;
  if (createdAt.data() != nullptr) {
    const auto time = base::parseRfc3339(createdAt);
    if (!time) return malformed("created_at is not a point in time");
    key.createdAt = *time;
  }
  return key;
}

bool beginsLikeJson(base::ByteView blob) noexcept {
  const auto first = base::textOf(blob).find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && blob[first] == '{';
}

std::size_t keyMessageSize(std::uint64_t type) noexcept {
  return ProtobufWriter::bytesSize(kKeySize) + ProtobufWriter::varintSize(type);
}

void writeKeyMessage(ProtobufWriter& writer, std::uint32_t field, const base::Secret& key,
                     std::uint64_t type) noexcept {
  writer.beginMessage(field, keyMessageSize(type));
  writer.writeBytes(kKeyBytesField, key.reveal());
  writer.writeVarint(kKeyTypeField, type);
}

}  // namespace

base::Outcome<base::Secret> encodeStoredKey(const StoredKey& key) {
  if (key.key.size() != kKeySize) return base::fail("cannot encode a key without a secret of 32 bytes");
  if (!key.hmacKey || key.hmacKey->size() != kKeySize) {
    return base::fail("cannot encode a key without an HMAC key of 32 bytes");
  }
  if (!isInRange(key.createdAt)) return base::fail("cannot encode a key made outside of the years 1 to 9999");
  const auto type = static_cast<std::uint64_t>(key.algorithm);
  const auto seconds = static_cast<std::uint64_t>(key.createdAt.seconds);
  const auto nanos = static_cast<std::uint64_t>(key.createdAt.nanos);
  const std::size_t timeSize = ProtobufWriter::varintSize(seconds) + ProtobufWriter::varintSize(nanos);
  constexpr std::size_t kHeads = 16;  // of the messages: a byte of tag and one of size each

  base::Secret message(2 * keyMessageSize(type) + timeSize + ProtobufWriter::bytesSize(key.createdBy.size()) +
                       kHeads);
  ProtobufWriter writer(message.revealMutable());
  writeKeyMessage(writer, kSecretKeyField, key.key, type);
  writeKeyMessage(writer, kHmacKeyField, *key.hmacKey, kHashSha256);
  writer.beginMessage(kCreatedAtField, timeSize);
  writer.writeVarint(kSecondsField, seconds);
  writer.writeVarint(kNanosField, nanos);
  writer.writeBytes(kCreatedByField, base::bytesOf(key.createdBy));

  base::Secret blob(base::base64Size(writer.size()));
  base::encodeBase64(message.reveal().first(writer.size()),
                     reinterpret_cast<char*>(blob.revealMutable().data()));
  return blob;
}

base::Outcome<StoredKey> decodeStoredKey(base::ByteView blob) {
  if (blob.size() > kMaxBlobSize) return malformed("it is larger than 1 MiB");
  // Decoded in place, in a copy that is wiped.
  base::Secret text = base::Secret::copyOf(blob);
  return beginsLikeJson(blob) ? decodeJson(text.revealMutable()) : decodeBase64Protobuf(text.revealMutable());
}

}  // namespace kes::crypto
