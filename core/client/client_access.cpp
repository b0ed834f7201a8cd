// The calls about policies and identities.

#include <algorithm>
#include <utility>

#include "base/json_reader.h"
#include "base/time.h"
#include "client/calls.h"
#include "client/client.h"
#include "client/json_body.h"

namespace kes::client {
namespace {

// Where and by whom something was made; zero is "not known".
bool isTime(std::string& text) {
  if (text.empty()) text = base::formatRfc3339({});
  return base::parseRfc3339(text).has_value();
}

// {"<pattern>":{},…}, or ["<pattern>",…] of older servers.
void readPatterns(base::JsonReader& json, std::vector<std::string>& patterns) {
  if (json.isArray()) {
    json.beginArray();
    while (json.nextElement()) json.readString(patterns.emplace_back());
  } else {
    json.beginObject();
    while (json.nextMember()) patterns.push_back(json.name());
  }
  std::ranges::sort(patterns);
}

// The member at hand, if it is one of a policy.
void readPolicyMember(base::JsonReader& json, Policy& out) {
  if (json.nameIs("allow")) {
    readPatterns(json, out.allow);
  } else if (json.nameIs("deny")) {
    readPatterns(json, out.deny);
  } else if (json.nameIs("created_at")) {
    json.readString(out.createdAt);
  } else if (json.nameIs("created_by")) {
    json.readString(out.createdBy);
  }
}

// The policy within the answer about oneself, of servers that put it there.
void readOwnPolicy(base::JsonReader& json, SelfInfo& out) {
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("name")) {
      json.readString(out.info.policy);
    } else {
      readPolicyMember(json, out.rules);
    }
  }
}

bool readSelf(base::Secret& body, SelfInfo& out) {
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("identity")) {
      json.readString(out.identity);
    } else if (json.nameIs("admin")) {
      json.readBool(out.info.admin);
    } else if (json.nameIs("policy") && json.isObject()) {
      readOwnPolicy(json, out);
    } else if (json.nameIs("policy") || json.nameIs("policy_name")) {
      json.readString(out.info.policy);
    } else if (json.nameIs("created_at")) {
      json.readString(out.info.createdAt);
    } else if (json.nameIs("created_by")) {
      json.readString(out.info.createdBy);
    } else {
      readPolicyMember(json, out.rules);
    }
  }
  return json.done() && !out.identity.empty() && isTime(out.info.createdAt);
}

}  // namespace

Result<PolicyInfo> Client::describePolicy(std::string_view name) {
  auto response = transport_.send({.method = "GET", .path = "/v1/policy/describe/" + escaped(name)});
  if (!response) return std::unexpected(response.error());
  PolicyInfo info;
  base::JsonReader json(response->body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("name")) {
      json.readString(info.name);
    } else if (json.nameIs("created_at")) {
      json.readString(info.createdAt);
    } else if (json.nameIs("created_by")) {
      json.readString(info.createdBy);
    }
  }
  if (!json.done() || !isTime(info.createdAt)) return malformed("policy description");
  return info;
}

Result<Policy> Client::readPolicy(std::string_view name) {
  auto response = transport_.send({.method = "GET", .path = "/v1/policy/read/" + escaped(name)});
  if (!response) return std::unexpected(response.error());
  Policy policy;
  base::JsonReader json(response->body.revealMutable());
  json.beginObject();
  while (json.nextMember()) readPolicyMember(json, policy);
  if (!json.done() || !isTime(policy.createdAt)) return malformed("policy");
  return policy;
}

Result<std::vector<std::string>> Client::listPolicies(std::string_view prefix) {
  return list("/v1/policy/list/", "names", prefix);
}

Result<void> Client::writePolicy(std::string_view name, std::span<const std::string> allow,
                                 std::span<const std::string> deny) {
  const WipedText body = JsonBody(0).texts("allow", allow).texts("deny", deny).close();
  return withoutBody(transport_.send({.method = "POST",
                                      .path = "/v1/policy/write/" + escaped(name),
                                      .body = &body,
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

Result<void> Client::assignPolicy(std::string_view policy, std::string_view identity) {
  const WipedText body = JsonBody(2 * identity.size()).text("identity", identity).close();
  return withoutBody(transport_.send({.method = "POST",
                                      .path = "/v1/policy/assign/" + escaped(policy),
                                      .body = &body,
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

Result<void> Client::deletePolicy(std::string_view name) {
  return withoutBody(transport_.send({.method = "DELETE",
                                      .path = "/v1/policy/delete/" + escaped(name),
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

Result<IdentityInfo> Client::describeIdentity(std::string_view identity) {
  auto response = transport_.send({.method = "GET", .path = "/v1/identity/describe/" + escaped(identity)});
  if (!response) return std::unexpected(response.error());
  IdentityInfo info;
  base::JsonReader json(response->body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("admin")) {
      json.readBool(info.admin);
    } else if (json.nameIs("policy")) {
      json.readString(info.policy);
    } else if (json.nameIs("created_at")) {
      json.readString(info.createdAt);
    } else if (json.nameIs("created_by")) {
      json.readString(info.createdBy);
    }
  }
  if (!json.done() || !isTime(info.createdAt)) return malformed("identity description");
  return info;
}

Result<SelfInfo> Client::describeSelf() {
  auto response = transport_.send({.method = "GET", .path = "/v1/identity/self/describe"});
  if (!response) return std::unexpected(response.error());
  SelfInfo self;
  if (!readSelf(response->body, self)) return malformed("identity description");
  return self;
}

Result<std::vector<std::string>> Client::listIdentities(std::string_view prefix) {
  return list("/v1/identity/list/", "identities", prefix);
}

Result<void> Client::deleteIdentity(std::string_view identity) {
  return withoutBody(transport_.send({.method = "DELETE",
                                      .path = "/v1/identity/delete/" + escaped(identity),
                                      .repeat = Request::Repeat::ifNothingWasDone}));
}

}  // namespace kes::client
