// What the server would say to a request, and why.

#include <fmt/format.h>

#include "api/route.h"
#include "cli/client_options.h"
#include "cli/json.h"
#include "cli/policy_commands.h"
#include "config/config.h"
#include "policy/decision.h"
#include "policy/policy_set.h"
#include "policy/route_rules.h"
#include "server/policies.h"

namespace kes::cli {
namespace {

constexpr std::string_view kUsage = R"help(Usage:
    kes policy explain [options] <identity> <method> <path>

Tells whether a request of that identity is allowed, and which pattern of which policy decides. Asks a server
for the identity's policy, or reads a configuration file. Exits with 0 when the request is allowed and with 1
when it is not.

        --config <file>      Decide by this configuration file, and ask no server.
{}
Examples:
    $ kes policy explain --config config.yml "$(kes identity of client.crt)" PUT /v1/key/create/my-key
    $ kes policy explain 3ecfcdf38fcbe141ae26a1030f81e96b753365a46760ae6b578698a97c59fd22 GET /v1/status
)help";

struct Question {
  std::string identity;
  std::string method;
  std::string path;
};

struct Verdict {
  bool allowed = false;
  std::string policy;
  std::string pattern;
  std::string because;
};

using Policies = base::Outcome<std::shared_ptr<const policy::PolicySet>>;

// Views of a decision end with the policy set; what is said about it stays.
Verdict verdictOf(const policy::Decision& decision) {
  return {decision.allowed(), std::string(decision.policy), std::string(decision.pattern),
          policy::explain(decision)};
}

constexpr const char* kNobody = "_";  // no client can have this identity

// The one policy that counts, with the identity under it; the server says what it is.
client::Result<Policies> fromServer(client::Client& client, const std::string& identity) {
  const auto info = client.describeIdentity(identity);
  if (!info && info.error().status != 404) return std::unexpected(info.error());
  if (!info) return policy::PolicySet::build(kNobody, {});
  if (info->admin) return policy::PolicySet::build(identity, {});
  const auto rules = client.readPolicy(info->policy);
  if (!rules) return std::unexpected(rules.error());
  const std::vector<policy::PolicyStatement> statements = {
      {info->policy, rules->allow, rules->deny, {identity}}};
  return policy::PolicySet::build(kNobody, statements);
}

// The route that a request leads to; the failure says why there is none.
base::Outcome<api::Match> routeOf(const Question& question, std::string& scratch) {
  api::Match match = api::findRoute(question.path, scratch);
  if (match.kind == api::Match::Kind::redirect) {
    return base::fail(fmt::format("the server sends this path on to '{}'; ask about that", match.location));
  }
  if (match.route == nullptr) {
    return base::fail(
        fmt::format("the server has no route '{}': it answers 404 to everybody", question.path));
  }
  if (!match.route->accepts(question.method)) {
    return base::fail(fmt::format("the route '{}' takes {}, not {}: the server answers 405 to everybody",
                                  match.route->path, match.route->method, question.method));
  }
  return match;
}

bool isOpen(const api::Match& match, const std::optional<config::Config>& config) {
  if (match.route->access == api::Access::open) return true;
  if (!config) return false;
  const auto api = config->api.find(std::string(match.route->path));
  return api != config->api.end() && api->second.skipAuth;
}

int print(const Question& question, const Verdict& verdict, const ClientOptions& options, Console& console) {
  if (options.json) {
    const std::string compact = JsonObject()
                                    .flag("allowed", verdict.allowed)
                                    .text("identity", question.identity)
                                    .text("method", question.method)
                                    .text("path", question.path)
                                    .optionalText("policy", verdict.policy)
                                    .optionalText("pattern", verdict.pattern)
                                    .text("because", verdict.because)
                                    .close();
    printJson(compact, console);
  } else {
    const Style style = Style::forOutput(console, options.color);
    console.out << fmt::format(
        "{}: {}\n", verdict.allowed ? style.paint(Role::allow, "allowed") : style.paint(Role::deny, "denied"),
        printable(verdict.because));
  }
  return verdict.allowed ? kExitSuccess : kExitFailure;
}

}  // namespace

int explainPolicy(Arguments arguments, Console& console) {
  ClientOptions options;
  std::optional<std::string> file;
  CommandLine line("kes policy explain", withClientOptions(kUsage));
  addClientOptions(line, options);
  line.option("--config", file);
  const auto values = line.parse(arguments, console);
  if (!values) return values.error();
  if (values->size() < 3) return line.refuse(console, "an identity, a method and a path are needed");
  if (values->size() > 3) return line.refuse(console, "too many arguments");
  const Question question{(*values)[0], (*values)[1], (*values)[2]};

  std::optional<config::Config> config;
  if (file) {
    auto loaded = config::load(*file, console.environment);
    if (!loaded) return fail(console, loaded.error().message);
    config = std::move(*loaded);
  }
  std::string scratch;
  const auto match = routeOf(question, scratch);
  if (!match) return fail(console, match.error().message);
  if (isOpen(*match, config)) {
    return print(question, {true, {}, {}, "the route is open to everybody"}, options, console);
  }
  if (config) {
    const auto policies = server::buildPolicies(*config);
    if (!policies) return fail(console, policies.error().message);
    return print(question, verdictOf(policy::decideByAllRules(**policies, question.identity, match->path)),
                 options, console);
  }
  if (!policy::changeRouteOf(match->path).empty()) {
    return fail(console, "only the configuration file tells who may change policies; ask with --config");
  }
  auto client = openClient(options, console);
  if (!client) return client.error();
  const auto policies = fromServer(*client, question.identity);
  if (!policies) return fail(console, explain(policies.error()));
  if (!*policies) return fail(console, policies->error().message);
  return print(question, verdictOf(policy::decideByAllRules(***policies, question.identity, match->path)),
               options, console);
}

}  // namespace kes::cli
