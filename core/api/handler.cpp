#include "api/handler.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/resource.h"
#include "base/encoding.h"
#include "crypto/aead.h"
#include "policy/route_rules.h"

namespace kes::api {
namespace {

using http::Exchange;
using observe::level::kDebug;
using observe::level::kError;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kPlain = "text/plain; charset=utf-8";

// Who asks how the key store is waits no longer: probes have short timeouts, and silence is an answer.
constexpr std::chrono::nanoseconds kHealthTimeout = std::chrono::seconds(2);
// A buffer that one large request has grown beyond this is given back.
constexpr std::size_t kBufferKept = 64 * 1024;

Refusal refusalOf(base::ErrorCode code) {
  return code == base::ErrorCode::tooManyClientCertificates ? Refusal::tooManyCertificates
                                                            : Refusal::noCertificate;
}

Refusal refusalOf(policy::Decision::Reason reason) {
  switch (reason) {
    case policy::Decision::Reason::deniedByPattern:
      return Refusal::denied;
    case policy::Decision::Reason::noPatternMatched:
    case policy::Decision::Reason::notNamed:
      return Refusal::notAllowed;
    default:
      return Refusal::unknownIdentity;
  }
}

}  // namespace

ApiHandler::ApiHandler(Context& context)
    : context_(context), counters_(context.counters.add()), rates_(context.rates), forwarded_(context.log) {
  refreshState();
  text_.reserve(1024);
}

ApiHandler::~ApiHandler() {
  wipeScratch();
}

// --- the steps of a request
// ---------------------------------------------------------------------------------------

void ApiHandler::onRequest(Exchange& exchange) {
  refreshState();
  if (state_->proxies != nullptr && state_->proxies->includes(exchange.peer().identity))
    forwarded_.applyTo(exchange, state_->proxies);
  Match match = findRoute(exchange.target(), pathScratch_);
  switch (match.kind) {
    case Match::Kind::route:
      break;
    case Match::Kind::redirect:
      redirect(exchange, match);
      return base::wipe(match.location);  // it has the query, and nobody knows what a client puts there
    case Match::Kind::notFound:
      return notFound(exchange);
    case Match::Kind::malformed:
      counters_->refuse(Refusal::path);
      return finish(exchange, 400, kPlain, "400 Bad Request: malformed path\n");
  }
  const Route& route = *match.route;
  if (!route.accepts(exchange.method())) return methodNotAllowed(exchange, route);
  if (const auto refused = authorize(exchange, match)) return fail(exchange, *refused);
  admit(exchange, route);
  if (context_.log.auditFailing() && leavesRecord(exchange)) return respondUnrecorded(exchange);
  if (const auto invalid = checkResource(match)) return fail(exchange, *invalid);

  const bool absent = exchange.contentLength() == 0U;
  if (route.maxBody == 0 || (absent && route.operation == Operation::generate))
    return dispatch(exchange, match);
  exchange.readBody(route.maxBody);
}

void ApiHandler::onBody(Exchange& exchange) {
  if (exchange.bodyTruncated()) counters_->bodySize.add();
  // The target is still there, so its parts need not be kept in the meantime.
  dispatch(exchange, findRoute(exchange.target(), pathScratch_));
}

void ApiHandler::onDeadline(Exchange& exchange) {
  if (awaitsRecord(exchange)) return respondUnrecorded(exchange);
  switch (operationOf(exchange)) {
    case Operation::ready:
      return fail(exchange, base::ErrorCode::storeUnreachable);
    case Operation::status:
      return writeStatus(exchange, std::nullopt);
    default:
      return fail(exchange, base::ErrorCode::outcomeUnknown);
  }
}

void ApiHandler::onAbandoned(Exchange& exchange) {
  if (isAdmitted(exchange)) countersOf(exchange).abandoned.add();
  logStreams_.erase(&exchange);
  if (const auto cancelled = std::static_pointer_cast<std::atomic<bool>>(exchange.context)) {
    cancelled->store(true, std::memory_order_relaxed);
  }
}

void ApiHandler::onTurnEnd() {
  crypto::forgetMessageKeys();
}

void ApiHandler::onTick() {
  refreshState();
  keys_->sweep();
  rates_.giveBack(state_->requestRate);
  forwarded_.onTick();
  refusals_.clear();
  forwardLogs();
}

void ApiHandler::refreshState() {
  const std::uint64_t generation = context_.state.generation();
  if (generation == generation_ && state_ != nullptr) return;
  generation_ = generation;
  auto state = context_.state.get();
  if (state_ == nullptr || state->store != state_->store) keys_.emplace(state->store);
  state_ = std::move(state);
  recheckLogStreams();
}

std::optional<base::Error> ApiHandler::authorize(const Exchange& exchange, const Match& match) {
  const Route& route = *match.route;
  if (route.access == Access::open || state_->settingsOf(route).skipAuth) return std::nullopt;
  const http::Peer& peer = exchange.peer();
  if (peer.error) {
    counters_->refuse(refusalOf(*peer.error));
    return base::Error(*peer.error);
  }
  if (const auto wait = rates_.spend(peer.identity, state_->requestRate, exchange.startedAt())) {
    counters_->requestsPerIdentity.add();
    counters_->refuse(Refusal::rate);
    return base::Error(base::ErrorCode::tooManyRequests)
        .setRetryAfter(std::chrono::ceil<std::chrono::milliseconds>(*wait));
  }

  const policy::Decision decision =
      route.access == Access::ruled ? policy::decideByAllRules(*state_->policies, peer.identity, match.path)
                                    : state_->policies->decide(peer.identity, match.path);
  if (decision.allowed()) return std::nullopt;
  counters_->refuse(refusalOf(decision.reason));
  if (beginRefusal(exchange)) note_->message += policy::explain(decision);
  return base::Error(base::ErrorCode::notAllowed);
}

void ApiHandler::admit(Exchange& exchange, const Route& route) noexcept {
  setAdmitted(exchange, route.operation);
  countersOf(exchange).admitted.add();
}

// The loop's own clock stands still while it serves what has come, so it knows when a request came but not
// how long it took.
void ApiHandler::count(const Exchange& exchange, int status) noexcept {
  RouteCounters& route = countersOf(exchange);
  route.answers.add(status);
  route.duration.add(base::SteadyClock::now() - exchange.startedAt());
}

void ApiHandler::dispatch(Exchange& exchange, const Match& match) {
  switch (match.route->operation) {
    case Operation::generate:
    case Operation::decrypt:
    case Operation::encrypt:
    case Operation::hmac:
    case Operation::bulkDecrypt:
      return decodeAndUse(exchange, match);
    case Operation::describe:
      return useKey(exchange, match.resource,
                    {.operation = Operation::describe, .input = {}, .context = {}, .bulk = {}});
    case Operation::create:
      return create(exchange, match.resource);
    case Operation::import:
      return importKey(exchange, match.resource);
    case Operation::remove:
      return remove(exchange, match.resource);
    case Operation::list:
      return list(exchange, match.resource);
    case Operation::version:
      return version(exchange);
    case Operation::ready:
      return ready(exchange);
    case Operation::status:
      return status(exchange);
    case Operation::metrics:
      return metrics(exchange);
    case Operation::apis:
      return apis(exchange);
    case Operation::policyDescribe:
      return describePolicy(exchange, match.resource);
    case Operation::policyRead:
      return readPolicy(exchange, match.resource);
    case Operation::policyList:
      return listPolicies(exchange, match.resource);
    case Operation::policyWrite:
      return writePolicy(exchange, match);
    case Operation::policyAssign:
      return assignPolicy(exchange, match);
    case Operation::policyDelete:
      return deletePolicy(exchange, match);
    case Operation::identityDescribe:
      return describeIdentity(exchange, match.resource);
    case Operation::identityList:
      return listIdentities(exchange, match.resource);
    case Operation::identitySelf:
      return describeSelf(exchange);
    case Operation::identityAssign: {
      const auto [policy, identity] = placementOf(match.resource);
      return assignTo(exchange, match, policy, identity);
    }
    case Operation::identityForget:
    case Operation::identityDelete:
      return forgetIdentity(exchange, match);
    case Operation::auditLog:
    case Operation::errorLog:
      return streamLog(exchange, match.route->operation);
  }
}

base::SteadyTime ApiHandler::deadlineOf(const Exchange& exchange, Operation operation) const {
  const auto timeout = state_->settingsOf(routeOf(operation)).timeout;
  const bool asksForHealth = operation == Operation::ready || operation == Operation::status;
  return exchange.startedAt() + (asksForHealth ? std::min(timeout, kHealthTimeout) : timeout);
}

keystore::Call ApiHandler::storeCall(Exchange& exchange, Operation operation) {
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  exchange.context = cancelled;
  return {.deadline = deadlineOf(exchange, operation),
          .requestId = ++nextRequestId_,
          .cancelled = std::move(cancelled)};
}

// --- answers
// ------------------------------------------------------------------------------------------------------

void ApiHandler::ok(Exchange& exchange) {
  finish(exchange, 200, {}, {});
}

void ApiHandler::json(Exchange& exchange, std::string_view body) {
  finish(exchange, 200, kJson, body);
}

void ApiHandler::fail(Exchange& exchange, const base::Error& error) {
  const int status = error.status();
  if (!error.cause().empty() && status >= 500 && context_.log.errorEnabled(kError)) {
    std::string decoded;
    const Match match = findRoute(exchange.target(), decoded);
    context_.log.error(kError, error.cause(),
                       {exchange.method(), match.path, exchange.peer().address, exchange.peer().identity});
  }
  text_ = "{\"message\":\"";
  base::appendJsonEscaped(text_, error.message());
  text_ += "\"}\n";
  if (status != 503 && status != 429) return finish(exchange, status, kJson, text_);
  const auto delay = std::chrono::ceil<std::chrono::seconds>(error.retryAfter());
  const std::string seconds = std::to_string(std::max<std::int64_t>(1, delay.count()));
  const std::array headers = {Exchange::Header{"retry-after", seconds}};
  finish(exchange, status, kJson, text_, headers);
}

void ApiHandler::failBody(Exchange& exchange, BadBody why, base::ErrorCode code) {
  if (why == BadBody::tooDeep) counters_->jsonDepth.add();
  fail(exchange, code);
}

void ApiHandler::redirect(Exchange& exchange, const Match& match) {
  const std::array headers = {Exchange::Header{"location", match.location}};
  if (exchange.method() != "GET" && exchange.method() != "HEAD")
    return finish(exchange, 301, {}, {}, headers);
  std::string shown = escapedHtml(match.location);
  reserveText(shown.size());
  text_ = "<a href=\"";
  text_.append(shown).append("\">Moved Permanently</a>.\n\n");
  base::wipe(shown);
  finish(exchange, 301, "text/html; charset=utf-8", text_, headers);
  wipeText();
}

void ApiHandler::notFound(Exchange& exchange) {
  static constexpr std::array kHeaders = {Exchange::Header{"x-content-type-options", "nosniff"}};
  counters_->refuse(Refusal::path);
  finish(exchange, 404, kPlain, "404 page not found\n", kHeaders);
}

void ApiHandler::methodNotAllowed(Exchange& exchange, const Route& route) {
  counters_->refuse(Refusal::method);
  text_ = fmt::format("{{\"message\":\"received method '{}' expected '{}'\"}}\n",
                      escapedJson(base::toValidUtf8(exchange.method())), route.method);
  // RFC 9110 §15.5.6 asks for `Allow`; KES sends `Accept`.
  const std::array headers = {Exchange::Header{"allow", route.method == "PUT" ? "PUT, POST" : route.method},
                              Exchange::Header{"accept", route.method}};
  finish(exchange, 405, kJson, text_, headers);
}

void ApiHandler::finish(Exchange& exchange, int status, std::string_view contentType, std::string_view body,
                        std::span<const Exchange::Header> headers) {
  if (leavesRecord(exchange)) {
    if (context_.log.auditRequired()) return respondRecorded(exchange, status, contentType, body, headers);
    if (note_ || context_.log.auditEnabled(kDebug)) record(exchange, status);
  }
  respond(exchange, status, contentType, body, headers);
}

void ApiHandler::respond(Exchange& exchange, int status, std::string_view contentType, std::string_view body,
                         std::span<const Exchange::Header> headers) {
  if (isAdmitted(exchange)) count(exchange, status);
  exchange.respond(status, contentType, body, headers);
}

// --- buffers
// ------------------------------------------------------------------------------------------------------

void ApiHandler::wipeText() noexcept {
  base::wipe(text_.data(), text_.size());
  text_.clear();
  if (text_.capacity() > kBufferKept) text_.shrink_to_fit();
}

base::ByteSpan ApiHandler::scratch(std::size_t size) {
  wipeScratch();
  if (scratch_.size() < size) scratch_.resize(std::max(size, std::size_t{1024}));
  scratchUsed_ = size;
  return {scratch_.data(), size};
}

void ApiHandler::wipeScratch() noexcept {
  base::wipe(scratch_.data(), scratchUsed_);
  scratchUsed_ = 0;
  if (scratch_.size() <= kBufferKept) return;
  scratch_.clear();
  scratch_.shrink_to_fit();
}

void ApiHandler::appendBase64(base::ByteView bytes) {
  const std::size_t at = text_.size();
  const std::size_t size = at + base::base64Size(bytes.size());
  // What libstdc++ 12 tells the function is not `size` where the string had to grow, but the capacity it has
  // grown to.
  text_.resize_and_overwrite(size, [&](char* text, std::size_t) {
    base::encodeBase64(bytes, text + at);
    return size;
  });
}

}  // namespace kes::api
