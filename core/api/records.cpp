// What requests leave in the audit log: one record each, beside those of the changes that they make.

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "api/answer_state.h"
#include "api/handler.h"
#include "base/secret.h"

namespace kes::api {
namespace {

using http::Exchange;
using observe::level::kDebug;
using observe::level::kInfo;

// Refusals shown on the console per identity and second; the rest is left out so that a stranger cannot fill
// a disk.
constexpr unsigned kRefusalsShown = 3;
constexpr std::size_t kRefusingIdentities = 1024;
// How long an answer waits for its record.
constexpr std::chrono::seconds kRecordTimeout{5};

// An answer that waits for its record. The body may hold a data key.
struct HeldAnswer {
  int status;
  std::string contentType;
  base::Secret body;
  std::vector<std::pair<std::string, std::string>> headers;

  [[nodiscard]] std::vector<Exchange::Header> headerViews() const {
    std::vector<Exchange::Header> views;
    views.reserve(headers.size());
    for (const auto& [name, value] : headers) views.push_back({name, value});
    return views;
  }
};

}  // namespace

Change::Change(const Exchange& exchange, std::string before, std::string after)
    : intent(std::move(before)),
      done(std::move(after)),
      method(exchange.method()),
      ip(exchange.peer().address),
      identity(exchange.peer().identity),
      startedAt(exchange.startedAt()) {
  std::string decoded;
  path = findRoute(exchange.target(), decoded).path;
}

observe::AuditRecord Change::record(int status) const {
  return {.level = kInfo,
          .message = status == 0 ? intent : done,
          .request = {method, path, ip, identity},
          .status = status,
          .duration = base::SteadyClock::now() - startedAt,
          .forConsole = status != 0};
}

bool ApiHandler::beginRefusal(const Exchange& exchange) {
  const bool shown =
      refusals_.size() < kRefusingIdentities && ++refusals_[exchange.peer().identity] <= kRefusalsShown;
  if (!context_.log.auditEnabled(kInfo, shown)) return false;
  note_ = {kInfo, "access denied: ", shown};
  return true;
}

void ApiHandler::record(const Exchange& exchange, int status, observe::Log::Recorded done) {
  const auto note = std::exchange(note_, std::nullopt);
  std::string decoded;
  const Match match = findRoute(exchange.target(), decoded);
  const observe::AuditRecord made{
      .level = note ? note->level : kDebug,
      .message = note ? std::string_view(note->message) : "request served",
      .request = {exchange.method(), match.path, exchange.peer().address, exchange.peer().identity},
      .status = status,
      .duration = base::SteadyClock::now() - exchange.startedAt(),
      .forConsole = !note || note->forConsole};
  if (done) return context_.log.audit(made, std::move(done));
  context_.log.audit(made);
}

void ApiHandler::respondRecorded(Exchange& exchange, int status, std::string_view contentType,
                                 std::string_view body, std::span<const Exchange::Header> headers) {
  HeldAnswer held{status, std::string(contentType), base::Secret::copyOf(base::bytesOf(body)), {}};
  for (const auto& [name, value] : headers) held.headers.emplace_back(name, value);
  awaitRecord(exchange, status);
  auto deferred = exchange.defer(base::SteadyClock::now() + kRecordTimeout);
  record(exchange, status, [this, deferred, held = std::move(held)](bool recorded) mutable {
    deferred.post([this, recorded, held = std::move(held)](Exchange* waiting) {
      if (waiting == nullptr) return;
      if (!recorded) return respondUnrecorded(*waiting);
      respond(*waiting, held.status, held.contentType, base::textOf(held.body.reveal()), held.headerViews());
    });
  });
}

void ApiHandler::respondUnrecorded(Exchange& exchange) {
  static constexpr std::array kHeaders = {Exchange::Header{"retry-after", "1"}};
  const base::Error error(outcomeIsUnknown(exchange) ? base::ErrorCode::outcomeUnknown
                                                     : base::ErrorCode::auditUnavailable);
  // Written as soon as the file can be, which ends the failure.
  if (!awaitsRecord(exchange)) record(exchange, error.status());
  text_ = fmt::format("{{\"message\":\"{}\"}}\n", error.message());
  respond(exchange, error.status(), "application/json", text_, kHeaders);
}

void ApiHandler::recordIntent(const Change& what, http::Deferred answer,
                              std::move_only_function<void()> change) {
  if (!context_.log.auditRequired()) return change();
  auto then = [this, answer = std::move(answer), change = std::move(change)](bool recorded) mutable {
    if (recorded) return change();
    answer.post([this](Exchange* waiting) {
      if (waiting != nullptr) respondUnrecorded(*waiting);
    });
  };
  context_.log.audit(what.record(0), std::move(then));
}

// What is done is done even where nobody waits for the answer any more, and this handler is gone.
std::move_only_function<void(const Change&)> ApiHandler::changeRecorder(http::Deferred answer) {
  return [this, &log = context_.log, answer = std::move(answer)](const Change& what) mutable {
    auto answered = [this, answer = std::move(answer)](bool recorded) mutable {
      answer.post([this, recorded](Exchange* waiting) {
        if (waiting == nullptr) return;
        if (recorded) return respond(*waiting, 200);
        awaitRecord(*waiting, base::httpStatus(base::ErrorCode::outcomeUnknown));
        respondUnrecorded(*waiting);
      });
    };
    if (log.auditRequired()) return log.audit(what.record(200), std::move(answered));
    log.audit(what.record(200));
    answered(true);
  };
}

}  // namespace kes::api
