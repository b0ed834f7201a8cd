// Keeping keys: create, import, delete, list.

#include <fmt/format.h>

#include "api/handler.h"
#include "base/encoding.h"
#include "crypto/key.h"

namespace kes::api {
namespace {

using http::Exchange;
using observe::level::kInfo;

// What an answer may hold: clients read at most 1 MiB.
constexpr std::size_t kMaxListing = 1'000'000;

// Who did what, kept for the audit record of a change whose answer may come after its client has gone.
struct Change {
  std::string method;
  std::string path;
  std::string ip;
  std::string identity;
  base::SteadyTime startedAt;

  explicit Change(const Exchange& exchange)
      : method(exchange.method()),
        ip(exchange.peer().address),
        identity(exchange.peer().identity),
        startedAt(exchange.startedAt()) {
    std::string decoded;
    path = findRoute(exchange.target(), decoded).path;
  }

  void audit(observe::Log& log, std::string_view message) const {
    log.audit({.level = kInfo,
               .message = message,
               .request = {method, path, ip, identity},
               .status = 200,
               .duration = base::SteadyClock::now() - startedAt});
  }
};

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
  auto answer = [this, &log = context_.log, deferred = exchange.defer(call.deadline),
                 change = Change(exchange), name = std::string(name)](base::Result<void> created) mutable {
    // The key is there even where nobody waits for the answer any more, and this handler is gone.
    if (created) change.audit(log, fmt::format("secret key '{}' created", name));
    deferred.post([this, created = std::move(created)](Exchange* waiting) {
      if (waiting == nullptr) return;
      created ? ok(*waiting) : fail(*waiting, created.error());
    });
  };
  state_->store->create(name, std::move(key), call, std::move(answer));
}

void ApiHandler::remove(Exchange& exchange, std::string_view name) {
  const keystore::Call call = storeCall(exchange, Operation::remove);
  auto answer = [this, &log = context_.log, deferred = exchange.defer(call.deadline),
                 change = Change(exchange), name = std::string(name)](base::Result<void> removed) mutable {
    if (removed) change.audit(log, fmt::format("secret key '{}' deleted", name));
    deferred.post([this, removed = std::move(removed)](Exchange* waiting) {
      if (waiting == nullptr) return;
      removed ? ok(*waiting) : fail(*waiting, removed.error());
    });
  };
  state_->store->remove(name, call, std::move(answer));
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
