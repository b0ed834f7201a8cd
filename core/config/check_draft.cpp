#include <algorithm>
#include <map>
#include <utility>

#include "base/name.h"
#include "base/time.h"
#include "config/api_routes.h"
#include "config/draft.h"
#include "config/keystore_section.h"
#include "config/message.h"
#include "config/values.h"

namespace kes::config {
namespace {

using std::chrono::nanoseconds;

[[nodiscard]] std::vector<std::string> textsOf(const std::vector<Scalar>& scalars) {
  std::vector<std::string> texts;
  texts.reserve(scalars.size());
  for (const auto& scalar : scalars) texts.push_back(scalar.text);
  return texts;
}

class Checker {
 public:
  Checker(const Section& root, const Draft& draft) : root_(root), draft_(draft), reader_(root.reader()) {}

  [[nodiscard]] Config check() {
    admin();
    tls();
    proxies();
    for (const auto& policy : draft_.policies) roles(policy);
    cache();
    log();
    for (const auto& route : draft_.api) api(route);
    keys();
    config_.keystore = readKeyStore(root_);
    for (const auto& policy : draft_.policies) addPolicy(policy);
    address();
    plugin();
    config_.limits = draft_.limits;
    return std::move(config_);
  }

 private:
  void admin();
  void tls();
  void proxies();
  void roles(const PolicyDraft& policy);
  void cache();
  [[nodiscard]] nanoseconds expiry(const TimedScalar& timed, std::string_view name, nanoseconds byDefault);
  void log();
  [[nodiscard]] int level(const Scalar& scalar);
  void api(const ApiDraft& route);
  void keys();
  void addPolicy(const PolicyDraft& policy);
  void assign(const PolicyDraft& policy, const Scalar& identity);
  void address();
  void plugin();

  const Section& root_;
  const Draft& draft_;
  Reader& reader_;
  Config config_;
  std::map<std::string, const PolicyDraft*> assigned_;  // by identity
};

void Checker::admin() {
  if (draft_.admin.empty()) {
    reader_.refuse(draft_.admin,
                   "invalid admin identity: none given; write an identity, or 'disabled' for no admin");
  }
  config_.admin = draft_.admin.text;
}

void Checker::tls() {
  const TlsDraft& tls = draft_.tls;
  if (tls.key.empty()) reader_.refuse(tls.key, "invalid tls config: no private key; name its file");
  if (tls.certificate.empty()) {
    reader_.refuse(tls.certificate, "invalid tls config: no certificate; name its file");
  }
  const std::string auth = toLower(tls.auth.text);
  if (auth == "on") {
    config_.tls.clientAuth = ClientAuth::on;
  } else if (auth == "pinned") {
    config_.tls.clientAuth = ClientAuth::pinned;
  } else if (!auth.empty() && auth != "off") {
    reader_.refuse(tls.auth,
                   "invalid tls config: invalid auth " + tls.auth.shown() + "; write on, off or pinned");
  }
  config_.tls.clientAuthExplicit = !auth.empty();
  config_.tls.keyFile = tls.key.text;
  config_.tls.certificateFile = tls.certificate.text;
  config_.tls.password = tls.password.text;
  config_.tls.certificateLocation = tls.certificate.location;
  config_.tls.ca = tls.ca.text;
  config_.tls.caLocation = tls.ca.location;
  config_.tls.proxyHeader = tls.proxyHeader.text;
}

void Checker::proxies() {
  for (const auto& proxy : draft_.tls.proxies) {
    if (proxy.empty()) {
      reader_.warn(proxy, "an empty identity is nobody; remove it");
      continue;
    }
    if (proxy.text == draft_.admin.text) {
      reader_.refuse(proxy, "invalid tls proxy: identity " + proxy.shown() +
                                " is already admin; give the proxy a certificate of its own");
    }
    config_.tls.proxyIdentities.push_back(proxy.text);
  }
  const Scalar& header = draft_.tls.proxyHeader;
  if (!config_.tls.proxyIdentities.empty() && !isHeaderName(header.text)) {
    reader_.warn(header, (header.empty() ? "none given" : header.shown() + " cannot be one") +
                             std::string("; without the name of a header all that TLS proxies send is "
                                         "refused"));
  }
}

void Checker::roles(const PolicyDraft& policy) {
  const auto& proxies = config_.tls.proxyIdentities;
  const std::string invalid = "invalid policy '" + printable(policy.name) + "': identity ";
  for (const auto& identity : policy.identities) {
    if (!identity.empty() && identity.text == draft_.admin.text) {
      reader_.refuse(identity, invalid + identity.shown() + " is already admin; the admin needs no policy");
    }
    if (std::ranges::find(proxies, identity.text) != proxies.end()) {
      reader_.refuse(identity, invalid + identity.shown() + " is already a TLS proxy; a proxy has no policy");
    }
  }
}

nanoseconds Checker::expiry(const TimedScalar& timed, std::string_view name, nanoseconds byDefault) {
  if (!timed.value) return byDefault;
  if (*timed.value < nanoseconds(0)) {
    reader_.refuse(timed.source,
                   "invalid " + std::string(name) + " " + timed.source.shown() + "; it cannot be negative");
  }
  return *timed.value;
}

void Checker::cache() {
  const CacheDraft& draft = draft_.cache;
  CacheExpiry& cache = config_.cache;
  cache.any = expiry(draft.any, "cache expiry", cache.any);
  cache.unused = expiry(draft.unused, "cache unused expiry", cache.unused);
  cache.offline = expiry(draft.offline, "offline cache expiry", cache.offline);
  cache.revalidate = expiry(draft.revalidate, "cache revalidation", cache.revalidate);

  const auto defaultIfZero = [this](const TimedScalar& timed, nanoseconds& value, nanoseconds byDefault) {
    if (value != nanoseconds(0)) return;
    value = byDefault;
    reader_.warn(timed.source, "0 is the default, " + base::formatDuration(byDefault) +
                                   ", as in KES; write 1ms to keep keys as short as can be");
  };
  defaultIfZero(draft.any, cache.any, CacheExpiry{}.any);
  defaultIfZero(draft.unused, cache.unused, CacheExpiry{}.unused);
  if (draft.unused.value && cache.unused >= cache.any) {
    reader_.warn(draft.unused.source, "no effect, because it is not shorter than cache.expiry.any, " +
                                          base::formatDuration(cache.any));
  }
}

int Checker::level(const Scalar& scalar) {
  const auto level = parseLogLevel(scalar.text);
  if (level) return *level;
  reader_.refuse(scalar, scalar.variable.empty() ? level.error().message
                                                 : "invalid log level: " + scalar.shown() + " is none");
  return 0;
}

void Checker::log() {
  config_.log.error = level(draft_.log.error);
  config_.log.audit = level(draft_.log.audit);
  const std::string format = toLower(draft_.log.format.text);
  config_.log.json = format == "json";
  if (!format.empty() && format != "json" && format != "text") {
    reader_.refuse(draft_.log.format,
                   "invalid log format " + draft_.log.format.shown() + "; write text or json");
  }
  config_.log.auditFile = draft_.log.auditFile.text;
  config_.log.auditRequired = draft_.log.required;
  if (draft_.log.required && draft_.log.auditFile.empty()) {
    reader_.refuse(draft_.log.auditRequired, "there is no audit file; name it in log.audit_file");
  }
}

void Checker::api(const ApiDraft& route) {
  const std::string shown = "'" + printable(route.route) + "'";
  const auto timeout = route.timeout.value.value_or(nanoseconds(0));
  if (timeout < nanoseconds(0)) {
    reader_.refuse(route.timeout.source, "invalid timeout " + route.timeout.source.shown() + " for API " +
                                             shown + "; it cannot be negative");
  }
  if (route.skip && routeKind(route.route) == RouteKind::guarded) {
    reader_.refuse(route.skipAuth,
                   "keys, policies, identities and logs are never served without authentication; "
                   "give the client a policy instead");
  }
  if (!isRoute(route.route)) {
    const bool slip = isRoute(route.route + "/");
    reader_.warn(route.section.location(), route.section.path(),
                 slip ? "unknown route, it has no effect; routes with a name end in '/': write '" +
                            printable(route.route) + "/'"
                      : "unknown route, it has no effect; correct or remove it");
    return;
  }
  config_.api.emplace(route.route, Api{route.skip, timeout, route.section.location()});
}

void Checker::keys() {
  std::map<std::string, int> seen;  // line of each name
  for (const auto& key : draft_.keys) {
    const auto [first, isNew] = seen.emplace(key.text, key.location.line);
    if (!isNew) {
      reader_.refuse(key, "invalid key config: key " + key.shown() +
                              " is defined multiple times, first on line " + std::to_string(first->second) +
                              "; keep one of them");
    }
    if (!base::isValidName(key.text)) {
      reader_.refuse(key,
                     "invalid key config: key name " + key.shown() +
                         " is empty, too long or contains invalid characters; use up to 80 of 0-9, A-Z, a-z, "
                         "'-' and '_'");
    }
    config_.keys.push_back({key.text, key.location});
  }
}

void Checker::addPolicy(const PolicyDraft& policy) {
  if (!base::isValidName(policy.name)) {
    reader_.refuse(
        policy.section.location(), policy.section.path(),
        "policy name '" + printable(policy.name) +
            "' is empty, too long or contains invalid characters; use up to 80 of 0-9, A-Z, a-z, '-' "
            "and '_'");
  }
  for (const auto& identity : policy.identities) assign(policy, identity);
  for (const auto* patterns : {&policy.allow, &policy.deny}) {
    for (const auto& pattern : *patterns) {
      if (pattern.empty()) reader_.warn(pattern, "an empty pattern matches nothing; remove it");
    }
  }
  config_.policies.push_back({policy.name, textsOf(policy.allow), textsOf(policy.deny),
                              textsOf(policy.identities), policy.section.location()});
}

void Checker::assign(const PolicyDraft& policy, const Scalar& identity) {
  if (!base::isValidName(identity.text)) {
    reader_.refuse(identity,
                   "identity " + identity.shown() +
                       " is empty, too long or contains invalid characters; write what 'kes identity of' "
                       "prints for the certificate");
  }
  const auto [first, isNew] = assigned_.emplace(identity.text, &policy);
  if (isNew) return;
  reader_.refuse(identity, "cannot assign policy '" + printable(policy.name) + "' to " + identity.shown() +
                               ": identity already has a policy, '" + printable(first->second->name) +
                               "'; an identity has one policy at most");
}

void Checker::address() {
  if (draft_.address.empty()) return;
  if (const auto address = parseAddress(draft_.address.text); !address) {
    reader_.refuse(draft_.address,
                   draft_.address.variable.empty()
                       ? address.error().message
                       : draft_.address.shown() + " is not <ip>:<port>, such as 0.0.0.0:7373");
  }
  config_.address = draft_.address.text;
}

void Checker::plugin() {
  config_.plugin.dir = draft_.pluginDir.text;
  config_.plugin.sha256 = toLower(draft_.pluginSha256.text);
  const std::string& hash = config_.plugin.sha256;
  const bool valid = hash.size() == 64 && hash.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hash.empty() && !valid) {
    reader_.refuse(
        draft_.pluginSha256,
        draft_.pluginSha256.shown() + " is not a SHA-256; write the 64 hex digits that sha256sum prints");
  }
}

}  // namespace

Config checkDraft(const Section& root, const Draft& draft) {
  return Checker(root, draft).check();
}

}  // namespace kes::config
