#include "policy/policy_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kes::policy {
namespace {

using Statements = std::vector<PolicyStatement>;
using Reason = Decision::Reason;

[[nodiscard]] std::shared_ptr<const PolicySet> built(const Statements& statements,
                                                     const std::vector<std::string>& proxies = {}) {
  auto set = PolicySet::build("root", statements, proxies);
  if (!set) throw std::runtime_error(set.error().message);
  return *set;
}

[[nodiscard]] Statements sample() {
  return {
      {"storage", {"/v1/key/generate/*", "/v1/status"}, {"/v1/key/*/secret"}, {"alice", "bob"}},
      {"operators", {"/v1/*"}, {"/v1/key/decrypt/*"}, {"carol"}},
      {"empty", {}, {}, {"dave"}},
      {"unused", {"*"}, {}, {}},
  };
}

TEST(PolicySet, decidesByIdentityAndPath) {
  const auto set = built(sample(), {"proxy"});
  struct Case {
    std::string identity;
    std::string path;
    Reason reason;
    std::string policy;
    std::string pattern;
  };
  const Case cases[] = {
      {"root", "/v1/key/delete/anything", Reason::admin, "", ""},
      {"alice", "/v1/status", Reason::allowed, "storage", "/v1/status"},
      {"bob", "/v1/key/generate/my-key", Reason::allowed, "storage", "/v1/key/generate/*"},
      {"bob", "/v1/key/generate/secret", Reason::deniedByPattern, "storage", "/v1/key/*/secret"},
      {"bob", "/v1/key/delete/my-key", Reason::noPatternMatched, "storage", ""},
      {"carol", "/v1/key/generate/my-key", Reason::allowed, "operators", "/v1/*"},
      {"carol", "/v1/key/decrypt/my-key", Reason::deniedByPattern, "operators", "/v1/key/decrypt/*"},
      {"dave", "/v1/status", Reason::noPatternMatched, "empty", ""},
      {"mallory", "/v1/status", Reason::unknownIdentity, "", ""},
      {"proxy", "/v1/status", Reason::unknownIdentity, "", ""},
      {"Alice", "/v1/status", Reason::unknownIdentity, "", ""},
      {"", "/v1/status", Reason::unknownIdentity, "", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.identity + " asks for " + c.path);
    const Decision decision = set->decide(c.identity, c.path);
    EXPECT_EQ(decision.reason, c.reason);
    EXPECT_EQ(decision.policy, c.policy);
    EXPECT_EQ(decision.pattern, c.pattern);
    EXPECT_EQ(decision.allowed(), c.reason == Reason::admin || c.reason == Reason::allowed);
  }
}

TEST(PolicySet, refusesEverythingWithoutPolicies) {
  const auto set = built({});
  EXPECT_EQ(set->decide("alice", "/v1/status").reason, Reason::unknownIdentity);
  EXPECT_EQ(set->decide("", "").reason, Reason::unknownIdentity);
}

TEST(PolicySet, orderOfRulesDoesNotMatter) {
  const auto one = built({{"p", {"/a", "/b*"}, {"/bad", "/c"}, {"alice"}}});
  const auto other = built({{"p", {"/b*", "/a"}, {"/c", "/bad"}, {"alice"}}});
  for (const auto* path : {"/a", "/b", "/bad", "/badge", "/c", "/d"}) {
    EXPECT_EQ(one->decide("alice", path).reason, other->decide("alice", path).reason) << path;
  }
}

TEST(PolicySet, knowsAdminProxiesAndEveryIdentityOfAPolicy) {
  const auto set = built(sample(), {"proxy", "proxy", ""});
  EXPECT_EQ(set->admin(), "root");
  EXPECT_TRUE(set->isAdmin("root"));
  EXPECT_FALSE(set->isAdmin("alice"));
  EXPECT_FALSE(set->isAdmin(""));
  for (const auto* known : {"root", "proxy", "alice", "bob", "carol", "dave"}) {
    EXPECT_TRUE(set->isKnown(known)) << known;
  }
  for (const auto* unknown : {"", "mallory", "storage"}) EXPECT_FALSE(set->isKnown(unknown)) << unknown;
}

TEST(PolicySet, findsPoliciesByNameAndByIdentity) {
  const auto set = built(sample(), {"proxy"});
  ASSERT_NE(set->find("storage"), nullptr);
  EXPECT_EQ(set->find("storage")->allow.size(), 2U);
  EXPECT_EQ(set->find("storage")->deny.front().text(), "/v1/key/*/secret");
  EXPECT_EQ(set->find("nothing"), nullptr);
  EXPECT_EQ(set->policyOf("bob"), set->find("storage"));
  for (const auto* identity : {"root", "proxy", "mallory", ""}) {
    EXPECT_EQ(set->policyOf(identity), nullptr) << identity;
  }
}

TEST(PolicySet, adminMayBeAnyTextSoThatItCanBeTurnedOff) {
  for (const auto* admin : {"disabled", "_", "not a hash"}) {
    EXPECT_TRUE(PolicySet::build(admin, Statements{})) << admin;
  }
}

TEST(PolicySet, refusesContradictionsInTheWordsOfKes) {
  const std::string longName(81, 'x');
  struct Case {
    std::string admin;
    Statements statements;
    std::vector<std::string> proxies;
    std::string message;
  };
  const Case cases[] = {
      {"", {}, {}, "kesconf: invalid admin identity: no admin identity"},
      {"root", {}, {"a", "root"}, "kesconf: invalid tls proxy: identity 'root' is already admin"},
      {"root",
       {{"p", {}, {}, {"root"}}},
       {},
       "kesconf: invalid policy 'p': identity 'root' is already admin"},
      {"root",
       {{"p", {}, {}, {"a"}}},
       {"a"},
       "kesconf: invalid policy 'p': identity 'a' is already a TLS proxy"},
      {"root",
       {{"p", {}, {}, {"a", "a"}}},
       {},
       "kes: cannot assign policy 'p' to 'a': identity already has a policy"},
      {"root",
       {{"p", {}, {}, {"a"}}, {"q", {}, {}, {"b", "a"}}},
       {},
       "kes: cannot assign policy 'q' to 'a': identity already has a policy"},
      {"root",
       {{"", {}, {}, {}}},
       {},
       "kes: policy name '' is empty, too long or contains invalid characters"},
      {"root",
       {{"a b", {}, {}, {}}},
       {},
       "kes: policy name 'a b' is empty, too long or contains invalid characters"},
      {"root",
       {{longName, {}, {}, {}}},
       {},
       "kes: policy name '" + longName + "' is empty, too long or contains invalid characters"},
      {"root",
       {{"p", {}, {}, {""}}},
       {},
       "kes: identity '' is empty, too long or contains invalid characters"},
      {"root",
       {{"p", {}, {}, {"_"}}},
       {},
       "kes: identity '_' is empty, too long or contains invalid characters"},
      {"root", {{"p", {}, {}, {}}, {"p", {}, {}, {}}}, {}, "kes: policy 'p' is defined more than once"},
      // The roles of all policies are looked at before the first name.
      {"root",
       {{"a b", {}, {}, {}}, {"q", {}, {}, {"root"}}},
       {},
       "kesconf: invalid policy 'q': identity 'root' is already admin"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.message);
    const auto set = PolicySet::build(c.admin, c.statements, c.proxies);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().message, c.message);
  }
}

}  // namespace
}  // namespace kes::policy
