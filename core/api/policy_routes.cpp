// Policies: describe, read, list; write, assign, delete, which last until the server stops.

#include <fmt/format.h>

#include <set>

#include "api/answer_state.h"
#include "api/handler.h"
#include "api/resource.h"
#include "base/encoding.h"
#include "base/name.h"
#include "policy/route_rules.h"

namespace kes::api {
namespace {

using http::Exchange;
using observe::level::kInfo;

// An object with a member for each pattern, which is how clients take a set.
void appendSet(std::string& out, std::string_view member, const std::vector<policy::Pattern>& patterns) {
  std::set<std::string_view> texts;
  for (const policy::Pattern& pattern : patterns) texts.insert(pattern.text());
  if (texts.empty()) return;
  out.append(",\"").append(member).append("\":{");
  for (const std::string_view text : texts) {
    if (out.back() != '{') out += ',';
    out += '"';
    base::appendJsonEscaped(out, text);
    out += "\":{}";
  }
  out += '}';
}

const policy::Creation* creationOf(const policy::Policy& policy) {
  return policy.written ? &*policy.written : nullptr;
}

}  // namespace

void ApiHandler::describePolicy(Exchange& exchange, std::string_view name) {
  const policy::Policy* policy = state_->policies->find(name);
  if (policy == nullptr) return fail(exchange, base::ErrorCode::policyNotFound);
  text_ = fmt::format("{{\"name\":\"{}\",", policy->name);
  appendCreation(creationOf(*policy));
  text_ += "}\n";
  json(exchange, text_);
}

void ApiHandler::readPolicy(Exchange& exchange, std::string_view name) {
  const policy::Policy* policy = state_->policies->find(name);
  if (policy == nullptr) return fail(exchange, base::ErrorCode::policyNotFound);
  text_ = fmt::format("{{\"name\":\"{}\"", policy->name);
  appendPatterns(*policy);
  text_ += ',';
  appendCreation(creationOf(*policy));
  text_ += "}\n";
  json(exchange, text_);
}

void ApiHandler::listPolicies(Exchange& exchange, std::string_view pattern) {
  answerNames(exchange, "names", state_->policies->policies(prefixOf(pattern)));
}

void ApiHandler::writePolicy(Exchange& exchange, const Match& match) {
  auto body = decodePolicy(exchange.body(), state_->jsonDepth);
  if (!body) return failBody(exchange, body.error(), base::ErrorCode::invalidBody);
  const std::string name(match.resource);
  change(exchange, match, fmt::format("policy '{}' written", name), [&](const auto& present, const auto& by) {
    return policy::writePolicy(present, by, {name, std::move(body->allow), std::move(body->deny)});
  });
}

void ApiHandler::assignPolicy(Exchange& exchange, const Match& match) {
  const auto identity = decodeAssignment(exchange.body(), state_->jsonDepth);
  if (!identity) return failBody(exchange, identity.error(), base::ErrorCode::invalidBody);
  if (identity->empty()) return fail(exchange, {base::ErrorCode::invalidChange, "identity is unknown"});
  // The admin may be any text, and is refused in words of its own.
  if (!base::isValidName(*identity) && !state_->policies->isAdmin(*identity))
    return fail(exchange, invalidIdentity(*identity));
  assignTo(exchange, match, match.resource, *identity);
}

void ApiHandler::assignTo(Exchange& exchange, const Match& match, std::string_view policy,
                          std::string_view identity) {
  change(exchange, match, fmt::format("policy '{}' assigned to '{}'", policy, identity),
         [&](const auto& present, const auto& by) {
           return policy::assignPolicy(present, by, policy, identity);
         });
}

void ApiHandler::deletePolicy(Exchange& exchange, const Match& match) {
  change(
      exchange, match, fmt::format("policy '{}' deleted", match.resource),
      [&](const auto& present, const auto& by) { return policy::deletePolicy(present, by, match.resource); });
}

void ApiHandler::change(Exchange& exchange, const Match& match, std::string_view done,
                        const MakeChange& make) {
  const policy::Creation author{exchange.peer().identity, base::Timestamp::now()};
  const auto changed =
      context_.state.changePolicies([&](const policy::PolicySet& present) -> policy::Changed {
        // The right to do this may have gone while the body was on its way.
        const auto decision = policy::decideByAllRules(present, author.by, match.path);
        if (decision.allowed()) return make(present, author);
        return std::unexpected(
            base::Error::withCause(base::ErrorCode::notAllowed, policy::explain(decision)));
      });
  if (changed) {
    note_ = {kInfo, std::string(done)};
    // Should the record fail, the change is in force all the same.
    if (context_.log.auditRequired())
      awaitRecord(exchange, base::httpStatus(base::ErrorCode::outcomeUnknown));
    return ok(exchange);
  }
  const base::Error& error = changed.error();
  if (error.code() == base::ErrorCode::notAllowed && beginRefusal(exchange))
    note_->message += error.cause().empty() ? error.message() : std::string_view(error.cause());
  fail(exchange, error);
}

// What stands in the file counts as made by the admin when the server started.
void ApiHandler::appendCreation(const policy::Creation* atRunTime) {
  const std::string at = atRunTime != nullptr ? base::formatRfc3339(atRunTime->at)
                                              : base::formatRfc3339Local(context_.startedOn);
  text_ += fmt::format("\"created_at\":\"{}\",\"created_by\":\"", at);
  base::appendJsonEscaped(text_, atRunTime != nullptr ? atRunTime->by : state_->policies->admin());
  text_ += '"';
}

void ApiHandler::appendPatterns(const policy::Policy& policy) {
  appendSet(text_, "allow", policy.allow);
  appendSet(text_, "deny", policy.deny);
}

void ApiHandler::answerNames(Exchange& exchange, std::string_view member,
                             std::span<const std::string_view> names) {
  text_ = fmt::format("{{\"{}\":[", member);
  for (const std::string_view name : names) {
    if (text_.back() != '[') text_ += ',';
    text_ += '"';
    base::appendJsonEscaped(text_, name);  // the admin may be any text
    text_ += '"';
  }
  text_ += "],\"continue_at\":\"\"}\n";
  json(exchange, text_);
  wipeText();
}

}  // namespace kes::api
