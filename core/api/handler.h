#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/answer_state.h"
#include "api/body.h"
#include "api/change.h"
#include "api/forwarded_clients.h"
#include "api/route.h"
#include "api/state.h"
#include "base/error.h"
#include "http/server.h"
#include "keystore/keystore.h"
#include "policy/changes.h"

namespace kes::api {

// The API on one event loop: route, authenticate, authorize, decode, do, encode (ARCHITECTURE.md, "The life
// of a request"). The steps of every request are in handler.cpp; what the routes do is in key_crypto.cpp,
// key_admin.cpp, policy_routes.cpp, identity_routes.cpp, log_routes.cpp and server_routes.cpp.
class ApiHandler final : public http::Handler {
 public:
  explicit ApiHandler(Context& context);
  ~ApiHandler() override;

  void onRequest(http::Exchange& exchange) override;
  void onBody(http::Exchange& exchange) override;
  void onDeadline(http::Exchange& exchange) override;
  void onAbandoned(http::Exchange& exchange) override;
  void onTurnEnd() override;
  void onTick() override;

 private:
  // What a request wants of a key, decoded. The views point into the exchange's body.
  struct KeyUse {
    Operation operation;
    base::ByteView input;
    base::ByteView context;
    std::vector<BulkItem> bulk;
  };

  // --- the steps of a request (handler.cpp)
  void refreshState();
  [[nodiscard]] std::optional<base::Error> authorize(const http::Exchange& exchange, const Match& match);
  [[nodiscard]] RouteCounters& countersOf(const http::Exchange& exchange) noexcept {
    return counters_->routes[static_cast<std::size_t>(operationOf(exchange))];
  }
  void admit(http::Exchange& exchange, const Route& route) noexcept;
  void count(const http::Exchange& exchange, int status) noexcept;
  void dispatch(http::Exchange& exchange, const Match& match);
  [[nodiscard]] base::SteadyTime deadlineOf(const http::Exchange& exchange, Operation operation) const;
  [[nodiscard]] keystore::Call storeCall(http::Exchange& exchange, Operation operation);

  // --- answers (handler.cpp); each ends the exchange
  void ok(http::Exchange& exchange);
  void failBody(http::Exchange& exchange, BadBody why, base::ErrorCode code);
  void json(http::Exchange& exchange, std::string_view body);
  void fail(http::Exchange& exchange, const base::Error& error);
  void redirect(http::Exchange& exchange, const Match& match);
  void notFound(http::Exchange& exchange);
  void methodNotAllowed(http::Exchange& exchange, const Route& route);
  void finish(http::Exchange& exchange, int status, std::string_view contentType, std::string_view body,
              std::span<const http::Exchange::Header> headers = {});
  void respond(http::Exchange& exchange, int status, std::string_view contentType = {},
               std::string_view body = {}, std::span<const http::Exchange::Header> headers = {});

  // --- their records (records.cpp)
  // What the record of the exchange being answered says; without it, that it was served.
  struct Note {
    int level;
    std::string message;
    bool forConsole = true;
  };
  // Notes a refusal. True where somebody wants to read its reason, which is to be added to the message.
  [[nodiscard]] bool beginRefusal(const http::Exchange& exchange);
  void record(const http::Exchange& exchange, int status, observe::Log::Recorded done = nullptr);
  // Answers once the record is in the audit file.
  void respondRecorded(http::Exchange& exchange, int status, std::string_view contentType,
                       std::string_view body, std::span<const http::Exchange::Header> headers);
  // Answers that the record is missing, which leaves no record.
  void respondUnrecorded(http::Exchange& exchange);
  // Does `change` to the key store, where that is required after its intent is in the audit file.
  void recordIntent(const Change& what, http::Deferred answer, std::move_only_function<void()> change);
  // Tells that it is done, and answers. [any-thread], even when this handler is gone
  [[nodiscard]] std::move_only_function<void(const Change&)> changeRecorder(http::Deferred answer);

  // --- logs (log_routes.cpp)
  void streamLog(http::Exchange& exchange, Operation operation);
  void forwardLog(http::Exchange& exchange);
  void forwardLogs();
  // Ends those that the policies no longer allow.
  void recheckLogStreams();
  void endLogStream(http::Exchange& exchange, std::string_view why);

  // --- using keys (key_crypto.cpp)
  void useKey(http::Exchange& exchange, std::string_view name, KeyUse use);
  void fetchThenUse(http::Exchange& exchange, std::string name, KeyUse use);
  void rereadThenUse(http::Exchange& exchange, std::string name, KeyUse use);
  // False when the ciphertext did not open and `mayReread` allows another try with a key read anew.
  [[nodiscard]] bool perform(http::Exchange& exchange, std::string_view name, const crypto::Key& key,
                             const KeyUse& use, bool mayReread);
  void generate(http::Exchange& exchange, const crypto::Key& key, const KeyUse& use);
  void encrypt(http::Exchange& exchange, const crypto::Key& key, const KeyUse& use);
  [[nodiscard]] bool decrypt(http::Exchange& exchange, const crypto::Key& key, const KeyUse& use,
                             bool mayReread);
  [[nodiscard]] bool bulkDecrypt(http::Exchange& exchange, const crypto::Key& key, const KeyUse& use,
                                 bool mayReread);
  void hmac(http::Exchange& exchange, const crypto::Key& key, const KeyUse& use);
  void describe(http::Exchange& exchange, std::string_view name, const crypto::Key& key);
  void decodeAndUse(http::Exchange& exchange, const Match& match);

  // --- keeping keys (key_admin.cpp)
  void create(http::Exchange& exchange, std::string_view name);
  void importKey(http::Exchange& exchange, std::string_view name);
  void store(http::Exchange& exchange, std::string_view name, crypto::StoredKey key, Operation operation);
  void remove(http::Exchange& exchange, std::string_view name);
  // What the store is to do with the outcome of a change.
  [[nodiscard]] keystore::Done<void> answerChange(const Change& change, http::Deferred answer);
  void list(http::Exchange& exchange, std::string_view pattern);

  // --- policies (policy_routes.cpp)
  void describePolicy(http::Exchange& exchange, std::string_view name);
  void readPolicy(http::Exchange& exchange, std::string_view name);
  void listPolicies(http::Exchange& exchange, std::string_view pattern);
  void writePolicy(http::Exchange& exchange, const Match& match);
  void assignPolicy(http::Exchange& exchange, const Match& match);
  void assignTo(http::Exchange& exchange, const Match& match, std::string_view policy,
                std::string_view identity);
  void deletePolicy(http::Exchange& exchange, const Match& match);
  // Puts in place what `make` makes of the present policies, and answers. `done` is for the audit log.
  using MakeChange = std::function<policy::Changed(const policy::PolicySet&, const policy::Creation& author)>;
  void change(http::Exchange& exchange, const Match& match, std::string_view done, const MakeChange& make);

  // --- identities (identity_routes.cpp)
  void describeIdentity(http::Exchange& exchange, std::string_view identity);
  void listIdentities(http::Exchange& exchange, std::string_view pattern);
  void describeSelf(http::Exchange& exchange);
  void forgetIdentity(http::Exchange& exchange, const Match& match);
  // The members of an identity's description that all of its routes share.
  void appendIdentity(std::string_view identity);

  // --- what both are written with (policy_routes.cpp)
  void appendCreation(const policy::Creation* atRunTime);
  void appendPatterns(const policy::Policy& policy);
  void answerNames(http::Exchange& exchange, std::string_view member,
                   std::span<const std::string_view> names);

  // --- about the server (server_routes.cpp)
  void version(http::Exchange& exchange);
  void ready(http::Exchange& exchange);
  void status(http::Exchange& exchange);
  void writeStatus(http::Exchange& exchange, std::optional<std::chrono::nanoseconds> storeLatency);
  void metrics(http::Exchange& exchange);
  void apis(http::Exchange& exchange);

  // Room for `size` characters and what stands around them, so that growing never leaves a copy of a secret
  // behind.
  void reserveText(std::size_t size) { text_.reserve(size + 64); }
  // Empties the text buffer and leaves nothing of the last answer behind.
  void wipeText() noexcept;
  // `size` bytes of scratch memory, wiped by wipeScratch().
  [[nodiscard]] base::ByteSpan scratch(std::size_t size);
  void wipeScratch() noexcept;
  void appendBase64(base::ByteView bytes);

  Context& context_;
  std::shared_ptr<const State> state_;
  std::uint64_t generation_ = 0;
  std::optional<keystore::KeyStore::View> keys_;
  std::shared_ptr<HandlerCounters> counters_;
  RateShare rates_;
  ForwardedClients forwarded_;
  std::uint64_t nextRequestId_ = 0;

  std::string text_;         // the answer being written
  std::string pathScratch_;  // a decoded path
  base::Bytes scratch_;      // plaintexts and ciphertexts being made
  std::size_t scratchUsed_ = 0;

  std::optional<Note> note_;
  // Refusals logged in the current second, by identity.
  std::unordered_map<std::string, unsigned> refusals_;
  std::unordered_map<http::Exchange*, observe::LogStreams::Subscription> logStreams_;
};

}  // namespace kes::api
