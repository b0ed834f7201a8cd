#include <gtest/gtest.h>

#include <string>

#include "unit/config/parsing.h"

namespace kes::config {
namespace {

struct Case {
  std::string text;
  std::string message;
};

// `text` stands from line 9 on, below kBase.
void expectRefusals(std::initializer_list<Case> cases) {
  for (const auto& c : cases) EXPECT_EQ(refusal(kBase + c.text + "\n"), "c.yml:" + c.message) << c.text;
}

TEST(ConfigErrors, versionIsCheckedFirst) {
  const Case cases[] = {
      {"version: v2\nadmin: [x]\n",
       "c.yml:1:10: version: invalid config version 'v2'; write v1, or leave version out"},
      {"version: ~\n", "c.yml:1:10: version: invalid config version '~'; write v1, or leave version out"},
      {"version: null\n",
       "c.yml:1:10: version: invalid config version 'null'; write v1, or leave version out"},
      {"version: [v1]\n", "c.yml:1:10: version: invalid config version; write v1, or leave version out"},
      {"version: ${V}\n",
       "c.yml:1:10: version: invalid config version '${V}'; write v1, or leave version out"},
  };
  for (const auto& c : cases) EXPECT_EQ(refusal(c.text, {{"V", "v1"}}), c.message) << c.text;
  for (const std::string good : {"version: v1\n", "version: ''\n", "version:\n"}) {
    EXPECT_EQ(refusal(kBase + good), "(accepted)") << good;
  }
}

TEST(ConfigErrors, fileMustBeAMapping) {
  EXPECT_EQ(refusal("- a\n"), "c.yml:1:1: expected a mapping, found a list");
  EXPECT_EQ(refusal("\n just text\n"), "c.yml:2:2: expected a mapping, found text");
}

TEST(ConfigErrors, whatIsRequiredIsMissed) {
  const std::string keystore = "keystore: {mem: {}}\n";
  const Case cases[] = {
      {keystore,
       "c.yml:1:1: admin.identity: invalid admin identity: none given; write an identity, or 'disabled' for "
       "no admin"},
      {"x: 1\nadmin:\n",
       "c.yml:2:1: admin.identity: invalid admin identity: none given; write an identity, or 'disabled' for "
       "no admin"},
      {"admin:\n  identity: ''\n",
       "c.yml:2:13: admin.identity: invalid admin identity: none given; write an identity, or 'disabled' for "
       "no "
       "admin"},
      {"admin: {identity: a}\n", "c.yml:1:1: tls.key: invalid tls config: no private key; name its file"},
      {"admin: {identity: a}\ntls: {key: , cert: c}\n",
       "c.yml:2:7: tls.key: invalid tls config: no private key; name its file"},
      {"admin: {identity: a}\ntls:\n  key: k\n",
       "c.yml:2:1: tls.cert: invalid tls config: no certificate; name its file"},
      {"admin: {identity: a}\ntls: {key: k, cert: c}\n",
       "c.yml:1:1: keystore: no keystore specified; name one plugin here, such as fs, with its settings"},
  };
  for (const auto& c : cases) EXPECT_EQ(refusal(c.text), c.message) << c.text;
}

TEST(ConfigErrors, typesMustFit) {
  expectRefusals({
      {"log: on", "9:6: log: expected a mapping, found text"},
      {"policy: [a]", "9:9: policy: expected a mapping, found a list"},
      {"policy: {p: {allow: /v1/*}}", "9:21: policy.p.allow: expected a list, found text"},
      {"policy: {p: {deny: {a: b}}}", "9:20: policy.p.deny: expected a list, found a mapping"},
      {"policy: {p: {allow: [[a]]}}", "9:22: policy.p.allow[0]: expected text, found a list"},
      {"address: {a: b}", "9:10: address: expected text, found a mapping"},
      {"keys: [a]", "9:8: keys[0]: expected a mapping, found text"},
      {"keys: a", "9:7: keys: expected a list, found text"},
      {"cache: {expiry: {any: 30}}",
       "9:23: cache.expiry.any: '30' is not a duration; write numbers with units, such as 30s or 1h30m"},
      {"api: {/v1/ready: {timeout: soon}}",
       "9:28: api./v1/ready.timeout: 'soon' is not a duration; write numbers with units, such as 30s or "
       "1h30m"},
      {"api: {/v1/ready: {skip_auth: maybe}}",
       "9:30: api./v1/ready.skip_auth: 'maybe' is neither yes nor no; write true or false"},
      {"limits: {streams: many}",
       "9:19: limits.streams: 'many' is not a size; write a number, such as 4096, 16KiB or 4MB"},
  });
}

TEST(ConfigErrors, valuesMustMakeSense) {
  expectRefusals({
      {"cache: {expiry: {any: -1s}}",
       "9:23: cache.expiry.any: invalid cache expiry '-1s'; it cannot be negative"},
      {"cache: {expiry: {unused: -1s}}",
       "9:26: cache.expiry.unused: invalid cache unused expiry '-1s'; it cannot be negative"},
      {"cache: {expiry: {offline: -1s}}",
       "9:27: cache.expiry.offline: invalid offline cache expiry '-1s'; it cannot be negative"},
      {"cache: {expiry: {revalidate: -1s}}",
       "9:30: cache.expiry.revalidate: invalid cache revalidation '-1s'; it cannot be negative"},
      {"log: {error: loud}",
       "9:14: log.error: invalid log level 'loud'; write DEBUG, INFO, WARN, ERROR, one of them with +<n>, a "
       "number, "
       "on or off"},
      {"log: {audit: INFO-1}",
       "9:14: log.audit: invalid log level 'INFO-1': invalid suffix '-1'; write INFO+1 and the like"},
      {"log: {format: xml}", "9:15: log.format: invalid log format 'xml'; write text or json"},
      {"api: {/v1/ready: {timeout: -1s}}",
       "9:28: api./v1/ready.timeout: invalid timeout '-1s' for API '/v1/ready'; it cannot be negative"},
      {"keys:\n- name: a\n- name: a",
       "11:9: keys[1].name: invalid key config: key 'a' is defined multiple times, first on line 10; keep "
       "one of them"},
      {"keys:\n- name: a b",
       "10:9: keys[0].name: invalid key config: key name 'a b' is empty, too long or contains invalid "
       "characters; "
       "use up to 80 of 0-9, A-Z, a-z, '-' and '_'"},
      {"keys:\n- {}",
       "10:3: keys[0].name: invalid key config: key name '' is empty, too long or contains invalid "
       "characters; use "
       "up to 80 of 0-9, A-Z, a-z, '-' and '_'"},
      {"address: localhost:7373",
       "9:10: address: 'localhost' is not a valid IP address; write the address, not a name, such as "
       "127.0.0.1:7373"},
      {"plugin: {sha256: abc}",
       "9:18: plugin.sha256: 'abc' is not a SHA-256; write the 64 hex digits that sha256sum prints"},
      {"keys: {fs: {path: /keys}}",
       "9:1: keys: a mapping here was the key store until 2021; rename it to keystore"},
  });
}

TEST(ConfigErrors, tlsMustMakeSense) {
  const auto withTls = [](const std::string& more) {
    return "admin: {identity: root}\ntls: {key: k, cert: c, " + more + "}\nkeystore: {mem: {}}\n";
  };
  EXPECT_EQ(refusal(withTls("auth: maybe")),
            "c.yml:2:30: tls.auth: invalid tls config: invalid auth 'maybe'; write on, off or pinned");
  EXPECT_EQ(refusal(withTls("proxy: {identities: [p, root]}")),
            "c.yml:2:48: tls.proxy.identities[1]: invalid tls proxy: identity 'root' is already admin; give "
            "the proxy "
            "a certificate of its own");
  EXPECT_EQ(refusal(withTls("proxy: {identities: [p]}") + "policy: {a: {identities: [p]}}\n"),
            "c.yml:4:27: policy.a.identities[0]: invalid policy 'a': identity 'p' is already a TLS proxy; a "
            "proxy has "
            "no policy");
}

TEST(ConfigErrors, policiesMustNotContradictEachOther) {
  expectRefusals({
      {"policy: {a: {identities: [x, root]}}",
       "9:30: policy.a.identities[1]: invalid policy 'a': identity 'root' is already admin; the admin needs "
       "no policy"},
      {"policy: {a: {identities: [x]}, b: {identities: [y, x]}}",
       "9:52: policy.b.identities[1]: cannot assign policy 'b' to 'x': identity already has a policy, 'a'; "
       "an "
       "identity has one policy at most"},
      {"policy: {a: {identities: [x, x]}}",
       "9:30: policy.a.identities[1]: cannot assign policy 'a' to 'x': identity already has a policy, 'a'; "
       "an "
       "identity has one policy at most"},
      {"policy: {a b: {}}",
       "9:10: policy.a b: policy name 'a b' is empty, too long or contains invalid characters; use up to 80 "
       "of 0-9, "
       "A-Z, a-z, '-' and '_'"},
      {"policy: {a: {identities: ['']}}",
       "9:27: policy.a.identities[0]: identity '' is empty, too long or contains invalid characters; write "
       "what 'kes "
       "identity of' prints for the certificate"},
      {"policy: {a: {identities: [_]}}",
       "9:27: policy.a.identities[0]: identity '_' is empty, too long or contains invalid characters; write "
       "what "
       "'kes identity of' prints for the certificate"},
  });
}

TEST(ConfigErrors, guardedRoutesAreNeverOpened) {
  for (const std::string route :
       {"/v1/key/create/", "/v1/key/create", "/v1/key", "/v1/key/nothing", "/v1/policy/read/",
        "/v1/identity/self/describe", "/v1/log/error", "/v1/log/audit/trace"}) {
    EXPECT_EQ(refusal(kBase + "api:\n  " + route + ":\n    skip_auth: yes\n"),
              "c.yml:11:16: api." + route +
                  ".skip_auth: keys, policies, identities and logs are never served without authentication; "
                  "give the "
                  "client a policy instead");
    EXPECT_EQ(refusal(kBase + "api: {" + route + ": {skip_auth: no}}\n"), "(accepted)") << route;
  }
  EXPECT_EQ(refusal(kBase + "api: {/v1/keys: {skip_auth: yes}}\n"), "(accepted)");
}

TEST(ConfigErrors, limitsHaveBounds) {
  expectRefusals({
      {"limits: {handshake_timeout: 0s}",
       "9:29: limits.handshake_timeout: '0s' is too short; the least is 1ms"},
      {"limits: {shutdown_timeout: -1s}",
       "9:28: limits.shutdown_timeout: '-1s' is too short; the least is 0s"},
      {"limits: {header_size: 100}", "9:23: limits.header_size: '100' is too small; the least is 1024"},
      {"limits: {header_size: 2MB}", "9:23: limits.header_size: '2MB' is too large; the most is 1048576"},
      {"limits: {streams: 0}", "9:19: limits.streams: '0' is too small; the least is 1"},
      {"limits: {store_threads: 1025}", "9:25: limits.store_threads: '1025' is too large; the most is 1024"},
      {"limits: {body_timeout: 0}", "9:24: limits.body_timeout: '0' is too short; the least is 1ms"},
      {"limits: {answers_per_connection: 1}",
       "9:34: limits.answers_per_connection: '1' is too small; the least is 1024"},
      {"limits: {json_depth: 3}", "9:22: limits.json_depth: '3' is too small; the least is 4"},
      {"limits: {json_depth: 513}", "9:22: limits.json_depth: '513' is too large; the most is 512"},
      {"limits: {reset_burst: 0}", "9:23: limits.reset_burst: '0' is too small; the least is 1"},
      {"limits: {reset_rate: 0}", "9:22: limits.reset_rate: '0' is too small; the least is 1"},
      {"limits: {settings_entries: 5}", "9:28: limits.settings_entries: '5' is too small; the least is 6"},
      {"limits: {continuations: 0}", "9:25: limits.continuations: '0' is too small; the least is 1"},
      {"limits: {unread_acks: 9}", "9:23: limits.unread_acks: '9' is too small; the least is 10"},
      {"limits: {requests_per_identity: 1000001}",
       "9:33: limits.requests_per_identity: '1000001' is too large; the most is 1000000"},
      {"limits: {connections_per_address: 3000000000}",
       "9:35: limits.connections_per_address: '3000000000' is too large; the most is 2147483647"},
      {"limits: {connections_per_identity: -1}",
       "9:36: limits.connections_per_identity: '-1' is not a size; write a number, such as 4096, 16KiB or "
       "4MB"},
      {"limits: {burst_per_identity: 10}",
       "9:30: limits.burst_per_identity: burst_per_identity means nothing without requests_per_identity; "
       "give both"},
      {"limits: {body_total: 1MB}",
       "9:22: limits.body_total: body_total is less than body_per_connection; make it at least as large"},
      {"limits: {body_per_connection: 300MB}",
       "9:31: limits.body_per_connection: body_total is less than body_per_connection; make it at least as "
       "large"},
  });
}

// KES checks in this order; a file with several mistakes names the same one first.
TEST(ConfigErrors, firstMistakeInTheOrderOfKesWins) {
  const std::pair<std::string, std::string> mistakes[] = {
      {"version: v9", "invalid config version"},
      {"admin: {identity: ''}", "invalid admin identity"},
      {"tls: {key: '', cert: c, auth: maybe, proxy: {identities: [root, p]}}", "no private key"},
      {"tls: {key: k, cert: c, auth: maybe, proxy: {identities: [root, p]}}", "invalid auth"},
      {"tls: {key: k, cert: c, proxy: {identities: [root, p]}}", "invalid tls proxy"},
      {"policy: {a b: {identities: [x, x, root]}}", "is already admin"},
      {"policy: {a b: {identities: [x, x, q]}}\ntls: {key: k, cert: c, proxy: {identities: [q]}}",
       "is already a TLS proxy"},
      {"cache: {expiry: {any: -1s, unused: -1s, offline: -1s}}", "invalid cache expiry"},
      {"log: {error: loud}", "invalid log level"},
      {"api: {/v1/ready: {timeout: -1s}}", "invalid timeout"},
      {"keys: [{name: a}, {name: a}]", "defined multiple times"},
      {"keystore: {}", "no keystore specified"},
      {"policy: {a: {identities: [x, x]}, a b: {}}", "already has a policy"},
      {"policy: {a b: {}}", "policy name"},
      {"address: nowhere", "has no port"},
  };
  const auto sectionOf = [](const std::string& line) { return line.substr(0, line.find(':')); };
  for (std::size_t first = 0; first < std::size(mistakes); ++first) {
    // The first mistake and all that come after it in other sections; the rest of the file is in order.
    std::string text;
    std::string taken;
    const auto add = [&](const std::string& lines) {
      if (taken.find("|" + sectionOf(lines) + "|") != std::string::npos) return;
      taken += "|" + sectionOf(lines) + "|";
      if (lines.find("\ntls:") != std::string::npos) taken += "|tls|";
      text += lines + "\n";
    };
    for (std::size_t i = first; i < std::size(mistakes); ++i) add(mistakes[i].first);
    add("admin: {identity: root}");
    add("tls: {key: k, cert: c}");
    add("keystore: {mem: {}}");
    EXPECT_NE(refusal(text).find(mistakes[first].second), std::string::npos) << refusal(text) << "\n" << text;
  }
}

}  // namespace
}  // namespace kes::config
