// Identities: describe, list, self; forget, which lasts until the server stops. Assigning is with the
// policies.

#include <fmt/format.h>

#include "api/handler.h"
#include "api/resource.h"
#include "base/encoding.h"

namespace kes::api {

using http::Exchange;

void ApiHandler::describeIdentity(Exchange& exchange, std::string_view identity) {
  const policy::PolicySet& policies = *state_->policies;
  const policy::Policy* policy = policies.policyOf(identity);
  if (policy == nullptr && !policies.isAdmin(identity))
    return fail(exchange, base::ErrorCode::identityNotFound);
  text_ = "{";
  if (policy != nullptr) text_ += fmt::format("\"policy\":\"{}\",", policy->name);
  appendIdentity(identity);
  text_ += "}\n";
  json(exchange, text_);
}

void ApiHandler::listIdentities(Exchange& exchange, std::string_view pattern) {
  answerNames(exchange, "identities", state_->policies->identities(prefixOf(pattern)));
}

// Open to everybody, since it tells nobody but the owner of the identity; who has no policy learns just that.
void ApiHandler::describeSelf(Exchange& exchange) {
  const http::Peer& peer = exchange.peer();
  const policy::PolicySet& policies = *state_->policies;
  const policy::Policy* policy = policies.policyOf(peer.identity);
  if (peer.error || (policy == nullptr && !policies.isAdmin(peer.identity)))
    return fail(exchange, base::ErrorCode::identityNotFound);
  text_ = fmt::format("{{\"identity\":\"{}\",", peer.identity);
  if (policy != nullptr) text_ += fmt::format("\"policy\":\"{}\",", policy->name);
  appendIdentity(peer.identity);
  if (policy != nullptr) appendPatterns(*policy);
  text_ += "}\n";
  json(exchange, text_);
}

void ApiHandler::forgetIdentity(Exchange& exchange, const Match& match) {
  change(exchange, match, fmt::format("identity '{}' forgotten", match.resource),
         [&](const auto& present, const auto&) { return policy::forgetIdentity(present, match.resource); });
}

void ApiHandler::appendIdentity(std::string_view identity) {
  if (state_->policies->isAdmin(identity)) {
    text_ +=
        fmt::format("\"admin\":true,\"created_at\":\"{}\"", base::formatRfc3339Local(context_.startedOn));
    return;
  }
  appendCreation(state_->policies->assignmentOf(identity));
}

}  // namespace kes::api
