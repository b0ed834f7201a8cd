// Keeping keys: create, import, delete, list.

#include <fmt/format.h>

#include "api/handler.h"
#include "base/encoding.h"
#include "crypto/key.h"

namespace kes::api {
namespace {

using http::Exchange;

// What an answer may hold: clients read at most 1 MiB.
constexpr std::size_t kMaxListing = 1'000'000;

}  // namespace

void ApiHandler::create(Exchange& exchange, std::string_view name) {
  store(exchange, name, crypto::generateKey(exchange.peer().identity), Operation::create);
}

void ApiHandler::importKey(Exchange& exchange, std::string_view name) {
  const auto body = decodeImport(exchange.body(), state_->jsonDepth);
  if (!body) return failBody(exchange, body.error(), base::ErrorCode::invalidImportBody);
  const auto algorithm = crypto::parseAlgorithm(body->cipher);
  if (!algorithm) {
    return fail(exchange, base::Error(base::ErrorCode::unsupportedAlgorithm,
                                      fmt::format("algorithm '{}' is not supported", body->cipher)));
  }
  if (body->key.size() != crypto::kKeySize) {
    return fail(exchange, base::Error(base::ErrorCode::unsupportedAlgorithm,
                                      fmt::format("invalid key size for '{}'", body->cipher)));
  }
  store(exchange, name,
        crypto::importKey(*algorithm, base::Secret::copyOf(body->key), exchange.peer().identity),
        Operation::import);
}

void ApiHandler::store(Exchange& exchange, std::string_view name, crypto::StoredKey key,
                       Operation operation) {
  const keystore::Call call = storeCall(exchange, operation);
  const auto deferred = exchange.defer(call.deadline);
  Change change(exchange, fmt::format("secret key '{}' is to be created", name),
                fmt::format("secret key '{}' created", name));
  auto create = [store = state_->store, name = std::string(name), key = std::move(key), call,
                 done = answerChange(change, deferred)]() mutable {
    store->create(name, std::move(key), call, std::move(done));
  };
  recordIntent(change, deferred, std::move(create));
}

void ApiHandler::remove(Exchange& exchange, std::string_view name) {
  const keystore::Call call = storeCall(exchange, Operation::remove);
  const auto deferred = exchange.defer(call.deadline);
  Change change(exchange, fmt::format("secret key '{}' is to be deleted", name),
                fmt::format("secret key '{}' deleted", name));
  auto remove = [store = state_->store, name = std::string(name), call,
                 done = answerChange(change, deferred)]() mutable {
    store->remove(name, call, std::move(done));
  };
  recordIntent(change, deferred, std::move(remove));
}

keystore::Done<void> ApiHandler::answerChange(const Change& change, http::Deferred answer) {
  auto record = changeRecorder(answer);
  return [this, change, record = std::move(record),
          answer = std::move(answer)](base::Result<void> result) mutable {
    if (result) return record(change);
    answer.post([this, result = std::move(result)](Exchange* waiting) {
      if (waiting != nullptr) fail(*waiting, result.error());
    });
  };
}

void ApiHandler::list(Exchange& exchange, std::string_view pattern) {
  const std::size_t star = std::min(pattern.find('*'), pattern.size());
  std::string prefix(pattern.substr(0, star));
  const std::string startAt(pattern.substr(std::min(star + 1, pattern.size())));

  const keystore::Call call = storeCall(exchange, Operation::list);
  auto answer = [this, deferred = exchange.defer(call.deadline),
                 prefix](base::Result<keystore::Listing> listed) mutable {
    deferred.post([this, prefix = std::move(prefix), listed = std::move(listed)](Exchange* waiting) {
      if (waiting == nullptr) return;
      if (!listed) return fail(*waiting, listed.error());
      text_ = "{\"names\":[";
      for (const std::string& name : listed->names) {
        if (text_.back() != '[') text_ += ',';
        (text_ += '"').append(name) += '"';
      }
      text_ += ']';
      // Policies match the prefix of a continued listing as they match that of its first page.
      if (!listed->continueAt.empty())
        text_ += fmt::format(",\"continue_at\":\"{}*{}\"", prefix, listed->continueAt);
      text_ += "}\n";
      json(*waiting, text_);
      wipeText();
    });
  };
  state_->store->list(prefix, startAt, kMaxListing, call, std::move(answer));
}

}  // namespace kes::api
