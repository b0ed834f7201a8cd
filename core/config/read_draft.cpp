#include <utility>

#include "config/draft.h"
#include "config/limits_section.h"
#include "config/message.h"

namespace kes::config {
namespace {

[[nodiscard]] TimedScalar readTimed(const Section& section, std::string_view key) {
  return {section.scalar(key), section.duration(key)};
}

// `root:` was the admin until 2022.
[[nodiscard]] Scalar readAdmin(const Section& root) {
  Scalar admin = root.section("admin").scalar("identity");
  if (!root.has("root")) return admin;
  Scalar old = root.scalar("root");
  if (!admin.empty()) {
    root.reader().warn(old, "deprecated and without effect, because admin.identity is given; remove it");
    return admin;
  }
  root.reader().warn(old, "deprecated; write admin.identity instead");
  return old;
}

[[nodiscard]] TlsDraft readTls(const Section& tls) {
  const Section proxy = tls.section("proxy");
  return {.section = tls,
          .key = tls.scalar("key"),
          .certificate = tls.scalar("cert"),
          .password = tls.scalar("password"),
          .auth = tls.scalar("auth"),
          .ca = tls.scalar("ca"),
          .proxyHeader = proxy.section("header").scalar("cert"),
          .proxies = proxy.scalars("identities")};
}

[[nodiscard]] CacheDraft readCache(const Section& expiry) {
  return {.any = readTimed(expiry, "any"),
          .unused = readTimed(expiry, "unused"),
          .offline = readTimed(expiry, "offline"),
          .revalidate = readTimed(expiry, "revalidate")};
}

[[nodiscard]] std::vector<ApiDraft> readApi(const Section& api) {
  std::vector<ApiDraft> routes;
  for (const auto& route : api.sections()) {
    routes.push_back({.route = route.name(),
                      .skipAuth = route.scalar("skip_auth"),
                      .skip = route.boolean("skip_auth").value_or(false),
                      .timeout = readTimed(route, "timeout"),
                      .section = route});
  }
  return routes;
}

// `paths:` was `allow:` until 2022.
[[nodiscard]] std::vector<Scalar> readAllow(const Section& policy) {
  if (!policy.has("paths")) return policy.literals("allow");
  const bool useless = policy.has("allow");
  policy.reader().warn(policy.keyLocation("paths"), memberPath(policy.path(), "paths"),
                       useless ? "deprecated and without effect, because allow is given; remove it"
                               : "deprecated; write allow instead");
  return policy.literals(useless ? "allow" : "paths");
}

[[nodiscard]] std::vector<PolicyDraft> readPolicies(const Section& section) {
  std::vector<PolicyDraft> policies;
  for (const auto& policy : section.sections()) {
    policies.push_back({.name = policy.name(),
                        .section = policy,
                        .allow = readAllow(policy),
                        .deny = policy.literals("deny"),
                        .identities = policy.scalars("identities")});
  }
  return policies;
}

[[nodiscard]] std::vector<Scalar> readKeys(const Section& root) {
  if (root.isMapping("keys")) {
    root.reader().refuse(root.keyLocation("keys"), "keys",
                         "a mapping here was the key store until 2021; rename it to keystore");
    return {};
  }
  std::vector<Scalar> keys;
  for (const auto& key : root.items("keys")) keys.push_back(key.scalar("name"));
  return keys;
}

[[nodiscard]] LogDraft readLog(const Section& log) {
  return {.error = log.scalar("error"),
          .audit = log.scalar("audit"),
          .format = log.scalar("format"),
          .auditFile = log.scalar("audit_file"),
          .auditRequired = log.scalar("audit_required"),
          .required = log.boolean("audit_required").value_or(false)};
}

}  // namespace

Draft readDraft(const Section& root) {
  const Section plugin = root.section("plugin");
  return {.address = root.scalar("address"),
          .admin = readAdmin(root),
          .tls = readTls(root.section("tls")),
          .cache = readCache(root.section("cache").section("expiry")),
          .api = readApi(root.section("api")),
          .policies = readPolicies(root.section("policy")),
          .keys = readKeys(root),
          .log = readLog(root.section("log")),
          .limits = readLimits(root.section("limits")),
          .pluginDir = plugin.scalar("dir"),
          .pluginSha256 = plugin.scalar("sha256")};
}

}  // namespace kes::config
