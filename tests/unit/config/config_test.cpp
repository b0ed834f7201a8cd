#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Config, minimalFileGetsTheDefaults) {
  const Config config = parsed(kMinimal);
  EXPECT_EQ(config.file, "c.yml");
  EXPECT_EQ(config.address, "0.0.0.0:7373");
  EXPECT_EQ(config.admin, "root");
  EXPECT_EQ(config.tls.keyFile, "k.pem");
  EXPECT_EQ(config.tls.certificateFile, "c.pem");
  EXPECT_EQ(config.tls.password, "");
  EXPECT_EQ(config.tls.clientAuth, ClientAuth::off);
  EXPECT_FALSE(config.tls.clientAuthExplicit);
  EXPECT_THAT(config.tls.proxyIdentities, IsEmpty());
  EXPECT_EQ(config.cache.any, 5min);
  EXPECT_EQ(config.cache.unused, 30s);
  EXPECT_EQ(config.cache.offline, 0s);
  EXPECT_EQ(config.cache.revalidate, 1min);
  EXPECT_TRUE(config.api.empty());
  EXPECT_TRUE(config.policies.empty());
  EXPECT_TRUE(config.keys.empty());
  EXPECT_EQ(config.log.error, 0);
  EXPECT_EQ(config.log.audit, 0);
  EXPECT_FALSE(config.log.json);
  EXPECT_EQ(config.plugin.dir, "");
  EXPECT_EQ(config.keystore.id, "fs");
  EXPECT_EQ(config.keystore.json, R"({"path":"keys"})");
  EXPECT_THAT(config.warnings, IsEmpty());
}

constexpr auto kComplete = R"(
version: v1
address: 0.0.0.0:7373
admin:
  identity: ${KES_ADMIN}
tls:
  key: /etc/kes/server.key
  cert: /etc/kes/server.crt
  password: ${KES_TLS_PASSWORD}
  auth: off
  ca: /etc/kes/ca.d
  proxy:
    identities:
    - 2b7c7e6a1d1f3f0c5a9c1d0d2f4e6b8a0c2e4f6a8b0d2c4e6f8a0b2c4d6e8f01
    header:
      cert: X-Tls-Client-Cert
api:
  /v1/ready:
    skip_auth: true
    timeout: 15s
  /v1/metrics:
    skip_auth: false
    timeout: 20s
policy:
  storage:
    allow:
    - /v1/key/create/bucket-*
    - ${NOT_A_VARIABLE}
    deny:
    - /v1/key/*/bucket-internal*
    identities:
    - ${STORAGE_IDENTITY}
    - 7bbffa635fc160ef8048a344a53aab54e472e5c654c6339a9cec9223301808c7
  operators:
    allow:
    - /v1/key/delete/bucket-*
    identities: []
cache:
  expiry:
    any: 5m0s
    unused: 30s
    offline: 0s
    revalidate: 2m
keys:
- name: bucket-default
- name: ${EXTRA_KEY}
log:
  error: INFO+1
  audit: "off"
  format: JSON
limits:
  streams: 100
  header_size: 32KiB
  idle_timeout: 1m
plugin:
  dir: /opt/plugins
  sha256: 2B7C7E6A1D1F3F0C5A9C1D0D2F4E6B8A0C2E4F6A8B0D2C4E6F8A0B2C4D6E8F01
keystore:
  vault:
    endpoint: https://vault.example.net:8200
    engine: kv
    version: v2
    namespace:
    approle:
      id: ${VAULT_ROLE_ID}
      secret: 1234
    status:
      ping: 10s
)";

const Variables kVariables = {{"KES_ADMIN", "the-admin"},
                              {"KES_TLS_PASSWORD", ""},
                              {"STORAGE_IDENTITY", "minio"},
                              {"EXTRA_KEY", "extra"},
                              {"VAULT_ROLE_ID", "role \"1\""}};

TEST(Config, readsEverySection) {
  const Config config = parsed(kComplete, kVariables);
  EXPECT_EQ(config.admin, "the-admin");
  EXPECT_EQ(config.tls.password, "");
  EXPECT_EQ(config.tls.clientAuth, ClientAuth::off);
  EXPECT_TRUE(config.tls.clientAuthExplicit);
  EXPECT_EQ(config.tls.ca, "/etc/kes/ca.d");
  EXPECT_THAT(config.tls.proxyIdentities,
              ElementsAre("2b7c7e6a1d1f3f0c5a9c1d0d2f4e6b8a0c2e4f6a8b0d2c4e6f8a0b2c4d6e8f01"));
  EXPECT_EQ(config.tls.proxyHeader, "X-Tls-Client-Cert");

  ASSERT_EQ(config.api.size(), 2U);
  EXPECT_TRUE(config.api.at("/v1/ready").skipAuth);
  EXPECT_EQ(config.api.at("/v1/ready").timeout, 15s);
  EXPECT_EQ(config.api.at("/v1/ready").location.text(), "c.yml:18:3");
  EXPECT_FALSE(config.api.at("/v1/metrics").skipAuth);
  EXPECT_EQ(config.api.at("/v1/metrics").timeout, 20s);

  ASSERT_EQ(config.policies.size(), 2U);
  EXPECT_EQ(config.policies[0].name, "storage");
  EXPECT_THAT(config.policies[0].allow, ElementsAre("/v1/key/create/bucket-*", "${NOT_A_VARIABLE}"));
  EXPECT_THAT(config.policies[0].deny, ElementsAre("/v1/key/*/bucket-internal*"));
  EXPECT_THAT(config.policies[0].identities,
              ElementsAre("minio", "7bbffa635fc160ef8048a344a53aab54e472e5c654c6339a9cec9223301808c7"));
  EXPECT_EQ(config.policies[0].location.text(), "c.yml:25:3");
  EXPECT_EQ(config.policies[1].name, "operators");

  EXPECT_EQ(config.cache.any, 5min);
  EXPECT_EQ(config.cache.revalidate, 2min);
  ASSERT_EQ(config.keys.size(), 2U);
  EXPECT_EQ(config.keys[1].name, "extra");
  EXPECT_EQ(config.keys[1].location.text(), "c.yml:46:9");
  EXPECT_EQ(config.log.error, 1);
  EXPECT_EQ(config.log.audit, 9);
  EXPECT_TRUE(config.log.json);
  EXPECT_EQ(config.limits.streams, 100U);
  EXPECT_EQ(config.limits.headerSize, 32768U);
  EXPECT_EQ(config.limits.idle, 1min);
  EXPECT_EQ(config.limits.storeQueue, Limits{}.storeQueue);
  EXPECT_EQ(config.plugin.dir, "/opt/plugins");
  EXPECT_EQ(config.plugin.sha256, "2b7c7e6a1d1f3f0c5a9c1d0d2f4e6b8a0c2e4f6a8b0d2c4e6f8a0b2c4d6e8f01");
  EXPECT_EQ(config.keystore.id, "vault");
  EXPECT_EQ(config.keystore.json,
            R"({"approle":{"id":"role \"1\"","secret":"1234"},"endpoint":"https://vault.example.net:8200",)"
            R"("engine":"kv","status":{"ping":"10s"},"version":"v2"})");
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(Config, takesUnquotedWordsAsText) {
  const Config config = parsed(
      "admin: {identity: 1234}\n"
      "tls: {key: 0x1F, cert: true, password: 007, auth: ON}\n"
      "log: {error: on, audit: off}\n"
      "keystore: {mem: {}}\n");
  EXPECT_EQ(config.admin, "1234");
  EXPECT_EQ(config.tls.keyFile, "0x1F");
  EXPECT_EQ(config.tls.certificateFile, "true");
  EXPECT_EQ(config.tls.password, "007");
  EXPECT_EQ(config.tls.clientAuth, ClientAuth::on);
  EXPECT_EQ(config.log.audit, 9);
}

TEST(Config, takesNullAndEmptyForNotGiven) {
  const Config config =
      parsed(kBase +
             "version:\naddress: ~\napi: {/v1/ready: }\npolicy: {idle: , none: {allow: }}\n"
             "cache:\nkeys: ~\nlog: {error: , audit: ''}\nlimits: {streams: ''}\nplugin: null\n");
  EXPECT_EQ(config.address, "0.0.0.0:7373");
  EXPECT_FALSE(config.api.at("/v1/ready").skipAuth);
  EXPECT_EQ(config.policies.size(), 2U);
  EXPECT_EQ(config.cache.any, 5min);
  EXPECT_EQ(config.limits.streams, 250U);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(Config, readsTheModesOfClientAuthentication) {
  const std::pair<std::string, ClientAuth> cases[] = {
      {"on", ClientAuth::on},   {"On", ClientAuth::on},         {"off", ClientAuth::off},
      {"OFF", ClientAuth::off}, {"pinned", ClientAuth::pinned}, {"Pinned", ClientAuth::pinned}};
  for (const auto& [text, mode] : cases) {
    const Config config =
        parsed("{admin: {identity: a}, tls: {key: k, cert: c, auth: " + text + "}, keystore: {mem: {}}}");
    EXPECT_EQ(config.tls.clientAuth, mode) << text;
    EXPECT_TRUE(config.tls.clientAuthExplicit) << text;
  }
}

TEST(Config, sectionsMayShareValuesThroughAliases) {
  const Config config = parsed(kBase +
                               "policy:\n"
                               "  a: &a\n"
                               "    allow: &rules [/v1/status]\n"
                               "    deny: [/v1/ready]\n"
                               "  b: {<<: *a, deny: *rules}\n");
  ASSERT_EQ(config.policies.size(), 2U);
  EXPECT_THAT(config.policies[1].allow, ElementsAre("/v1/status"));
  EXPECT_THAT(config.policies[1].deny, ElementsAre("/v1/status"));
}

TEST(Config, acceptsTheOldNamesOfAdminAndAllow) {
  const Config config = parsed(
      "root: old-admin\n"
      "tls: {key: k, cert: c}\n"
      "keystore: {mem: {}}\n"
      "policy:\n"
      "  p:\n"
      "    paths: [/v1/status]\n");
  EXPECT_EQ(config.admin, "old-admin");
  EXPECT_THAT(config.policies[0].allow, ElementsAre("/v1/status"));
  EXPECT_THAT(config.warnings, ElementsAre("c.yml:1:7: root: deprecated; write admin.identity instead",
                                           "c.yml:6:5: policy.p.paths: deprecated; write allow instead"));
}

TEST(Config, newNamesBeatOldOnes) {
  const Config config = parsed(kBase + "root: old\npolicy: {p: {paths: [/old], allow: [/new]}}\n");
  EXPECT_EQ(config.admin, "root");
  EXPECT_THAT(config.policies[0].allow, ElementsAre("/new"));
  EXPECT_THAT(
      config.warnings,
      ElementsAre(
          "c.yml:9:7: root: deprecated and without effect, because admin.identity is given; remove it",
          "c.yml:10:14: policy.p.paths: deprecated and without effect, because allow is given; remove it"));
}

TEST(Config, warnsAboutWhatHasNoEffect) {
  const std::string unknown = "unknown key, it has no effect; correct or remove it";
  const std::pair<std::string, std::string> cases[] = {
      {"adress: x", "c.yml:9:1: adress: " + unknown},
      {"log: {level: x}", "c.yml:9:7: log.level: " + unknown},
      {"api: {/v1/ready: {skip: true}}", "c.yml:9:19: api./v1/ready.skip: " + unknown},
      {"policy:\n  p: {alow: []}", "c.yml:10:7: policy.p.alow: " + unknown},
      {"keys:\n- name: a\n  id: b", "c.yml:11:3: keys[0].id: " + unknown},
      {"limits: {stream: 3}", "c.yml:9:10: limits.stream: " + unknown},
      {"'bad\\nkey': 1", "c.yml:9:1: bad\\\\nkey: " + unknown},
      {"api: {/v1/redy: {skip_auth: true}}",
       "c.yml:9:7: api./v1/redy: unknown route, it has no effect; correct or remove it"},
      {"api: {/ready: {timeout: 1s}}",
       "c.yml:9:7: api./ready: unknown route, it has no effect; correct or remove it"},
      {"api: {/v1/key/create: {timeout: 1s}}",
       "c.yml:9:7: api./v1/key/create: unknown route, it has no effect; routes with a name end in '/': write "
       "'/v1/key/create/'"},
      {"api: {/v1/key/nothing/: {timeout: 1s}}",
       "c.yml:9:7: api./v1/key/nothing/: unknown route, it has no effect; correct or remove it"},
      {"cache: {expiry: {any: 0s}}",
       "c.yml:9:23: cache.expiry.any: 0 is the default, 5m0s, as in KES; write 1ms to keep keys as short as "
       "can be"},
      {"cache: {expiry: {unused: 0}}",
       "c.yml:9:26: cache.expiry.unused: 0 is the default, 30s, as in KES; write 1ms to keep keys as short "
       "as can be"},
      {"cache: {expiry: {any: 10s, unused: 10s}}",
       "c.yml:9:36: cache.expiry.unused: no effect, because it is not shorter than cache.expiry.any, 10s"},
      {"policy: {p: {deny: ['']}}",
       "c.yml:9:21: policy.p.deny[0]: an empty pattern matches nothing; remove it"},
  };
  for (const auto& [text, warning] : cases) {
    EXPECT_THAT(parsed(kBase + text + "\n").warnings, ElementsAre(warning)) << text;
  }
}

TEST(Config, emptyProxyIsNobody) {
  const Config config = parsed(
      "{admin: {identity: a}, tls: {key: k, cert: c, proxy: {identities: ['', p], header: {cert: x}}}, "
      "keystore: {mem: {}}}");
  EXPECT_THAT(config.tls.proxyIdentities, ElementsAre("p"));
  EXPECT_THAT(config.warnings,
              ElementsAre("c.yml:1:68: tls.proxy.identities[0]: an empty identity is nobody; remove it"));
}

TEST(Config, unknownRoutesLoosenNothing) {
  EXPECT_TRUE(parsed(kBase + "api: {/v1/redy: {skip_auth: true}, /metrics: {skip_auth: yes}}\n").api.empty());
}

TEST(Config, opensTheRoutesThatMayBeOpen) {
  for (const std::string route : {"/version", "/v1/ready", "/v1/status", "/v1/metrics", "/v1/api"}) {
    const Config config = parsed(kBase + "api: {" + route + ": {skip_auth: true}}\n");
    EXPECT_TRUE(config.api.at(route).skipAuth) << route;
    EXPECT_THAT(config.warnings, IsEmpty());
  }
}

TEST(Config, everyRouteMayHaveItsOwnDeadline) {
  const Config config =
      parsed(kBase + "api: {/v1/key/create/: {timeout: 3s}, /v1/log/audit: {timeout: 1h}}\n");
  EXPECT_EQ(config.api.at("/v1/key/create/").timeout, 3s);
  EXPECT_EQ(config.api.at("/v1/log/audit").timeout, 1h);
  EXPECT_THAT(config.warnings, IsEmpty());
}

}  // namespace
}  // namespace kes::config
