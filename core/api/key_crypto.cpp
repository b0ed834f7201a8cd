// Using keys: generate, encrypt, decrypt, HMAC, describe. A key in the cache is used at once on the event
// loop; any other is read by the store's workers first, and the exchange goes on where it was.

#include <fmt/format.h>

#include <array>

#include "api/handler.h"
#include "base/encoding.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace kes::api {
namespace {

using http::Exchange;

constexpr std::size_t kDataKeySize = 32;
// A younger entry has just been read: asking the store again would not answer differently.
constexpr std::chrono::seconds kTrusted{1};

std::string_view inputMember(Operation operation) {
  switch (operation) {
    case Operation::encrypt:
      return "plaintext";
    case Operation::decrypt:
      return "ciphertext";
    case Operation::hmac:
      return "message";
    default:
      return {};
  }
}

}  // namespace

void ApiHandler::decodeAndUse(Exchange& exchange, const Match& match) {
  const Operation operation = match.route->operation;
  KeyUse use{.operation = operation, .input = {}, .context = {}, .bulk = {}};
  if (operation == Operation::bulkDecrypt) {
    auto items = decodeBulk(exchange.body(), state_->jsonDepth);
    if (!items) return failBody(exchange, items.error(), base::ErrorCode::invalidBody);
    if (items->size() > kMaxBulkItems) return fail(exchange, base::ErrorCode::tooManyCiphertexts);
    use.bulk = std::move(*items);
  } else if (operation != Operation::generate || exchange.contentLength() != 0U) {
    // A generate request whose body is announced as empty has no context; one that turns out to be empty was
    // cut short on the way and must not be taken for it.
    const auto body = decodeCrypto(exchange.body(), inputMember(operation), state_->jsonDepth);
    if (!body) return failBody(exchange, body.error(), base::ErrorCode::invalidBody);
    use.input = body->input;
    use.context = body->context;
  }
  useKey(exchange, match.resource, std::move(use));
}

void ApiHandler::useKey(Exchange& exchange, std::string_view name, KeyUse use) {
  const crypto::Key* const key = keys_->find(name);
  if (key == nullptr) return fetchThenUse(exchange, std::string(name), std::move(use));
  const bool decrypts = use.operation == Operation::decrypt || use.operation == Operation::bulkDecrypt;
  const bool mayReread = decrypts && base::SteadyClock::now() - keys_->readAt() > kTrusted;
  if (!perform(exchange, name, *key, use, mayReread))
    rereadThenUse(exchange, std::string(name), std::move(use));
}

void ApiHandler::fetchThenUse(Exchange& exchange, std::string name, KeyUse use) {
  auto miss = context_.misses.take(exchange.peer().identity, state_->missesPerIdentity);
  if (!miss) {
    counters_->missesPerIdentity.add();
    return fail(exchange, base::ErrorCode::tooManyRequests);
  }
  const keystore::Call call = storeCall(exchange, use.operation);
  auto deferred = exchange.defer(call.deadline);
  auto answer = [this, deferred = std::move(deferred), name, use = std::move(use),
                 miss = std::move(*miss)](base::Result<keystore::KeyPtr> key) mutable {
    miss.release();
    deferred.post(
        [this, name = std::move(name), use = std::move(use), key = std::move(key)](Exchange* waiting) {
          if (waiting == nullptr) return;
          if (!key) return fail(*waiting, key.error());
          (void)perform(*waiting, name, **key, use, false);
        });
  };
  state_->store->fetch(name, call, std::move(answer));
}

void ApiHandler::rereadThenUse(Exchange& exchange, std::string name, KeyUse use) {
  const keystore::Call call = storeCall(exchange, use.operation);
  auto answer = [this, deferred = exchange.defer(call.deadline), name,
                 use = std::move(use)](base::Result<keystore::KeyPtr> key) mutable {
    deferred.post(
        [this, name = std::move(name), use = std::move(use), key = std::move(key)](Exchange* waiting) {
          if (waiting == nullptr) return;
          // The key in the cache did not open the ciphertext; a store that cannot be asked does not change
          // that.
          if (!key && key.error().code() != base::ErrorCode::keyNotFound)
            return fail(*waiting, base::ErrorCode::decrypt);
          if (!key) return fail(*waiting, key.error());
          (void)perform(*waiting, name, **key, use, false);
        });
  };
  state_->store->reread(name, call, std::move(answer));
}

bool ApiHandler::perform(Exchange& exchange, std::string_view name, const crypto::Key& key, const KeyUse& use,
                         bool mayReread) {
  switch (use.operation) {
    case Operation::generate:
      generate(exchange, key, use);
      return true;
    case Operation::encrypt:
      encrypt(exchange, key, use);
      return true;
    case Operation::decrypt:
      return decrypt(exchange, key, use, mayReread);
    case Operation::bulkDecrypt:
      return bulkDecrypt(exchange, key, use, mayReread);
    case Operation::hmac:
      hmac(exchange, key, use);
      return true;
    default:
      describe(exchange, name, key);
      return true;
  }
}

void ApiHandler::generate(Exchange& exchange, const crypto::Key& key, const KeyUse& use) {
  std::array<std::uint8_t, kDataKeySize> dataKey;
  std::array<std::uint8_t, kDataKeySize + crypto::kCiphertextOverhead> ciphertext;
  crypto::randomBytes(dataKey);
  if (!key.seal(dataKey, use.context, ciphertext)) {
    base::wipe(dataKey);
    return fail(exchange, base::ErrorCode::generateFailed);
  }
  text_ = "{\"plaintext\":\"";
  appendBase64(dataKey);
  text_ += "\",\"ciphertext\":\"";
  appendBase64(ciphertext);
  text_ += "\"}\n";
  base::wipe(dataKey);
  json(exchange, text_);
  wipeText();
}

void ApiHandler::encrypt(Exchange& exchange, const crypto::Key& key, const KeyUse& use) {
  const base::ByteSpan ciphertext = scratch(use.input.size() + crypto::kCiphertextOverhead);
  if (!key.seal(use.input, use.context, ciphertext)) return fail(exchange, base::ErrorCode::encryptFailed);
  text_ = "{\"ciphertext\":\"";
  appendBase64(ciphertext);
  text_ += "\"}\n";
  json(exchange, text_);
  wipeText();
  wipeScratch();
}

bool ApiHandler::decrypt(Exchange& exchange, const crypto::Key& key, const KeyUse& use, bool mayReread) {
  const base::ByteSpan plaintext = scratch(use.input.size());
  const auto size = key.open(use.input, use.context, plaintext);
  if (!size) {
    if (mayReread) return false;
    fail(exchange, base::ErrorCode::decrypt);
    return true;
  }
  reserveText(base::base64Size(*size));
  text_ = "{\"plaintext\":\"";
  appendBase64(plaintext.first(*size));
  text_ += "\"}\n";
  json(exchange, text_);
  wipeText();
  wipeScratch();
  return true;
}

bool ApiHandler::bulkDecrypt(Exchange& exchange, const crypto::Key& key, const KeyUse& use, bool mayReread) {
  std::size_t size = 0;
  for (const BulkItem& item : use.bulk) size += base::base64Size(item.ciphertext.size()) + 32;
  reserveText(size);
  text_ = "[";
  for (const BulkItem& item : use.bulk) {
    const base::ByteSpan plaintext = scratch(item.ciphertext.size());
    const auto opened = key.open(item.ciphertext, item.context, plaintext);
    if (!opened) {
      wipeText();
      if (mayReread) return false;
      fail(exchange, base::ErrorCode::decrypt);
      return true;
    }
    if (text_.size() > 1) text_ += ',';
    text_ += "{\"plaintext\":\"";
    appendBase64(plaintext.first(*opened));
    text_ += "\"}";
  }
  text_ += "]\n";
  json(exchange, text_);
  wipeText();
  wipeScratch();
  return true;
}

void ApiHandler::hmac(Exchange& exchange, const crypto::Key& key, const KeyUse& use) {
  if (!key.hasHmac()) return fail(exchange, base::ErrorCode::noHmacKey);
  std::array<std::uint8_t, crypto::kHmacSize> mac;
  if (!key.hmac(use.input, mac)) return fail(exchange, base::ErrorCode::internal);
  text_ = "{\"hmac\":\"";
  appendBase64(mac);
  text_ += "\"}\n";
  json(exchange, text_);
}

void ApiHandler::describe(Exchange& exchange, std::string_view name, const crypto::Key& key) {
  text_ = fmt::format("{{\"name\":\"{}\",\"algorithm\":\"{}\",\"created_at\":\"{}\"", name,
                      crypto::algorithmName(key.algorithm()), base::formatRfc3339(key.createdAt()));
  if (!key.createdBy().empty()) text_ += fmt::format(",\"created_by\":\"{}\"", escapedJson(key.createdBy()));
  text_ += "}\n";
  json(exchange, text_);
}

}  // namespace kes::api
