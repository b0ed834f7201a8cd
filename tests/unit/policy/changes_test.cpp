#include "policy/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/carry_over.h"
#include "policy/route_rules.h"

namespace kes::policy {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using Statements = std::vector<PolicyStatement>;
using Set = std::shared_ptr<const PolicySet>;
using Reason = Decision::Reason;

Set built(const Statements& statements) {
  const std::vector<std::string> proxies = {"proxy"};
  auto set = PolicySet::build("root", statements, proxies);
  if (!set) throw std::runtime_error(set.error().message);
  return *set;
}

Statements sample() {
  return {
      {"app", {"/v1/key/*"}, {}, {"alice", "bob"}},
      {"desk",
       {"/v1/policy/write/*", "/v1/policy/assign/*", "/v1/policy/delete/*", "/v1/identity/forget/*",
        "/v1/key/create/*"},
       {"/v1/key/create/secret*"},
       {"carol", "dave"}},
  };
}

Creation by(std::string who) {
  return {std::move(who), {.seconds = 1700000000, .nanos = 0}};
}

Set must(Changed changed) {
  if (!changed) throw std::runtime_error(std::string(changed.error().message()) + changed.error().cause());
  return *changed;
}

void expectRefused(const Changed& changed, ErrorCode code, std::string_view why) {
  ASSERT_FALSE(changed) << why;
  EXPECT_EQ(changed.error().code(), code) << why;
  EXPECT_THAT(std::string(changed.error().message()) + changed.error().cause(), HasSubstr(std::string(why)));
}

TEST(Changes, lieOverTheFile) {
  const Set file = built(sample());
  Set set = must(writePolicy(*file, by("root"), {"app", {"/v1/status"}, {}}));
  EXPECT_TRUE(set->decide("alice", "/v1/status").allowed());
  EXPECT_TRUE(set->decide("alice", "/v1/status").atRunTime);
  EXPECT_EQ(set->decide("alice", "/v1/key/create/a").reason, Reason::noPatternMatched);
  EXPECT_EQ(set->find("app")->written->by, "root");
  EXPECT_TRUE(file->decide("alice", "/v1/key/create/a").allowed()) << "a set never changes";

  set = must(writePolicy(*set, by("root"), {"new", {"/v1/api"}, {}}));
  set = must(assignPolicy(*set, by("root"), "new", "alice"));
  set = must(assignPolicy(*set, by("root"), "new", "erin"));
  EXPECT_EQ(set->policyOf("alice")->name, "new") << "moved off the policy of the file";
  EXPECT_TRUE(set->isKnown("erin"));
  EXPECT_EQ(set->assignmentOf("erin")->at.seconds, 1700000000);
  EXPECT_EQ(set->assignmentOf("bob"), nullptr);
  EXPECT_THAT(set->policies(""), ElementsAre("app", "desk", "new"));
  EXPECT_THAT(set->identities(""), ElementsAre("alice", "bob", "carol", "dave", "erin", "root"));
  EXPECT_THAT(set->identities("b"), ElementsAre("bob"));
}

TEST(Changes, deletedPoliciesLeaveTheirIdentitiesWithoutOne) {
  Set set = must(assignPolicy(*built(sample()), by("root"), "app", "erin"));
  set = must(deletePolicy(*set, by("root"), "app"));
  EXPECT_EQ(set->find("app"), nullptr);
  EXPECT_EQ(set->decide("alice", "/v1/key/create/a").reason, Reason::policyDeleted);
  EXPECT_EQ(explain(set->decide("alice", "")), "policy 'app' of this identity was deleted at run time");
  EXPECT_EQ(set->decide("erin", "/v1/key/create/a").reason, Reason::unknownIdentity);
  EXPECT_FALSE(set->isKnown("alice"));
  expectRefused(deletePolicy(*set, by("root"), "app"), ErrorCode::policyNotFound, "policy does not exist");

  set = must(writePolicy(*set, by("root"), {"app", {"*"}, {}}));
  EXPECT_TRUE(set->decide("alice", "/v1/status").allowed()) << "the file still puts her under that name";
  EXPECT_FALSE(set->decide("erin", "/v1/status").allowed()) << "who was put there at run time is not";
}

TEST(Changes, forgottenIdentitiesDoNotFallBackOnTheFile) {
  Set set = must(forgetIdentity(*built(sample()), "alice"));
  EXPECT_EQ(set->decide("alice", "/v1/key/create/a").reason, Reason::takenOff);
  expectRefused(forgetIdentity(*set, "alice"), ErrorCode::identityNotFound, "identity does not exist");
  expectRefused(forgetIdentity(*set, "nobody"), ErrorCode::identityNotFound, "identity does not exist");
  expectRefused(forgetIdentity(*set, "root"), ErrorCode::invalidChange, "cannot delete system admin");
  set = must(assignPolicy(*set, by("root"), "desk", "alice"));
  set = must(forgetIdentity(*set, "alice"));
  EXPECT_EQ(set->policyOf("alice"), nullptr);

  set = must(deletePolicy(*set, by("root"), "app"));
  set = must(forgetIdentity(*set, "bob"));  // though he has no policy now, he would when it is written again
  set = must(writePolicy(*set, by("root"), {"app", {"*"}, {}}));
  EXPECT_EQ(set->policyOf("bob"), nullptr);
}

TEST(Changes, theAdminAndProxiesAreNotToBeAssigned) {
  const Set set = built(sample());
  expectRefused(assignPolicy(*set, by("root"), "app", "root"), ErrorCode::invalidChange,
                "cannot assign policy to system admin");
  expectRefused(assignPolicy(*set, by("root"), "app", "proxy"), ErrorCode::invalidChange,
                "cannot assign policy to TLS proxy");
  expectRefused(assignPolicy(*set, by("root"), "none", "alice"), ErrorCode::policyNotFound,
                "policy does not exist");
}

TEST(Changes, nobodyButTheAdminTouchesTheirOwnPolicyOrThemselves) {
  const Set set = built(sample());
  const std::string own = "policy 'desk' is the author's own";
  expectRefused(writePolicy(*set, by("carol"), {"desk", {}, {}}), ErrorCode::notAllowed, own);
  expectRefused(deletePolicy(*set, by("carol"), "desk"), ErrorCode::notAllowed, own);
  expectRefused(assignPolicy(*set, by("carol"), "desk", "bob"), ErrorCode::notAllowed, own);
  expectRefused(assignPolicy(*set, by("carol"), "app", "carol"), ErrorCode::notAllowed,
                "identity cannot assign policy to itself");
}

TEST(Changes, nobodyGrantsWhatTheyLack) {
  Set set = built(sample());
  expectRefused(writePolicy(*set, by("carol"), {"new", {"/v1/status"}, {}}), ErrorCode::notAllowed,
                "pattern '/v1/status' of policy 'new' is not known to be within policy 'desk'");
  expectRefused(writePolicy(*set, by("carol"), {"new", {"/v1/key/create/*"}, {}}), ErrorCode::notAllowed,
                "'/v1/key/create/*'");
  expectRefused(assignPolicy(*set, by("carol"), "app", "bob"), ErrorCode::notAllowed, "'/v1/key/*'");
  set = must(writePolicy(*set, by("carol"), {"new", {"/v1/key/create/*"}, {"/v1/key/create/secret*"}}));
  set = must(assignPolicy(*set, by("carol"), "new", "bob"));
  EXPECT_EQ(set->policyOf("bob")->written->by, "carol");
  expectRefused(writePolicy(*set, by("stranger"), {"x", {}, {}}), ErrorCode::notAllowed, "no policy");
}

TEST(Changes, policiesOfTheFileAloneOpenTheRoutesThatChangeThem) {
  const Set set = built(sample());
  expectRefused(
      writePolicy(*set, by("root"), {"new", {"/v1/policy/write/*"}, {}}), ErrorCode::invalidChange,
      "policy 'new' cannot allow '/v1/policy/write/*': only a policy of the configuration file can");
  EXPECT_TRUE(must(writePolicy(*set, by("root"), {"new", {}, {"/v1/policy/write/*"}})));
}

TEST(Changes, keepWithinTheirLimits) {
  const std::vector<std::string> patterns(kMaxPatterns, "/v1/status");
  Set set = built(sample());
  expectRefused(writePolicy(*set, by("root"), {"big", patterns, {"/x"}}), ErrorCode::invalidChange,
                "policy 'big' has 1001 patterns: at most 1000 are possible");
  Overlay overlay = must(writePolicy(*set, by("root"), {"big", patterns, {}}))->overlay();
  const auto policy = overlay.policies.begin()->second;
  for (std::size_t i = 1; i < kMaxPolicies; ++i) {
    overlay.policies.emplace("p" + std::to_string(i), std::make_shared<const Policy>(Policy{
                                                          "p" + std::to_string(i), {}, {}, by("root")}));
  }
  for (std::size_t i = 0; i < kMaxIdentities; ++i)
    overlay.identities.emplace("i" + std::to_string(i), Assignment{.policy = "big", .made = by("root")});
  set = set->with(std::move(overlay));

  expectRefused(writePolicy(*set, by("root"), {"more", {}, {}}), ErrorCode::invalidChange,
                "too many policies: at most 1000 can be written beside the configuration file");
  expectRefused(assignPolicy(*set, by("root"), "big", "alice"), ErrorCode::invalidChange,
                "too many identities: at most 10000 can be assigned beside the configuration file");
  EXPECT_TRUE(writePolicy(*set, by("root"), {"p7", {"*"}, {}})) << "what is there may be written again";
  EXPECT_TRUE(assignPolicy(*set, by("root"), "p7", "i7"));
  EXPECT_TRUE(deletePolicy(*set, by("root"), "app")) << "taking away is always possible";
  EXPECT_TRUE(forgetIdentity(*set, "alice"));
}

TEST(RouteRules, namesOpenRoutesThatPatternsDoNot) {
  const auto fileWith = [](const std::string& pattern) { return built({{"p", {pattern}, {}, {"alice"}}}); };
  struct Case {
    std::string pattern;
    std::string path;
    Reason reason;
  };
  const Case cases[] = {
      {"/v1/policy/write/*", "/v1/policy/write/x", Reason::allowed},
      {"/v1/policy/write/x", "/v1/policy/write/x", Reason::allowed},
      {"/v1/policy/write/[xy]", "/v1/policy/write/x", Reason::allowed},
      {"/v1/policy/write*", "/v1/policy/write/x", Reason::notNamed},
      {"/v1/policy/*", "/v1/policy/write/x", Reason::notNamed},
      {"/v1/policy/*/x", "/v1/policy/write/x", Reason::notNamed},
      {"/v1/policy/writ\\e/x", "/v1/policy/write/x", Reason::notNamed},
      {"/v1/*", "/v1/policy/assign/x", Reason::notNamed},
      {"*", "/v1/policy/delete/x", Reason::notNamed},
      {"*", "/v1/identity/assign/x/y", Reason::notNamed},
      {"*", "/v1/identity/forget/x", Reason::notNamed},
      {"*", "/v1/identity/delete/x", Reason::notNamed},
      {"*", "/v1/policy/read/x", Reason::allowed},
      {"/v1/policy/write/*", "/v1/policy/assign/x", Reason::noPatternMatched},
      {"/v1/key/bulk/decrypt/*", "/v1/key/bulk/decrypt/x", Reason::noPatternMatched},
      {"/v1/key/*", "/v1/key/bulk/decrypt/x", Reason::allowed},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(decideByAllRules(*fileWith(c.pattern), "alice", c.path).reason, c.reason)
        << c.pattern << " and " << c.path;
  }
  EXPECT_EQ(
      explain(decideByAllRules(*fileWith("*"), "alice", "/v1/policy/write/x")),
      "policy 'p' allows '*', but only a pattern of the configuration file that names this route opens it");
}

TEST(RouteRules, theNamingPatternNeedNotComeFirst) {
  const Set set = built({{"p", {"*", "/v1/policy/write/*"}, {"/v1/policy/write/own"}, {"alice"}}});
  EXPECT_EQ(decideByAllRules(*set, "alice", "/v1/policy/write/x").pattern, "/v1/policy/write/*");
  EXPECT_EQ(decideByAllRules(*set, "alice", "/v1/policy/write/own").reason, Reason::deniedByPattern);
  const Set over = must(writePolicy(*set, by("root"), {"p", {"*"}, {}}));
  EXPECT_EQ(decideByAllRules(*over, "alice", "/v1/policy/write/x").reason, Reason::notNamed);
}

TEST(CarryOver, keepsWhatTheFileHasNotSpokenOfAnew) {
  Set set = must(writePolicy(*built(sample()), by("root"), {"app", {"/v1/status"}, {}}));
  set = must(writePolicy(*set, by("root"), {"new", {"/v1/api"}, {}}));
  set = must(assignPolicy(*set, by("root"), "new", "erin"));
  set = must(forgetIdentity(*set, "bob"));
  set = must(deletePolicy(*set, by("root"), "desk"));

  Statements reordered = sample();
  std::swap(reordered[0], reordered[1]);
  std::swap(reordered[0].allow[0], reordered[0].allow[1]);
  const auto [kept, lost] = carryOver(*set, *built(reordered));
  EXPECT_THAT(lost, ElementsAre());
  EXPECT_THAT(kept->policies(""), ElementsAre("app", "new"));
  EXPECT_TRUE(kept->decide("alice", "/v1/status").allowed());
  EXPECT_EQ(kept->policyOf("erin")->name, "new");
  EXPECT_EQ(kept->decide("bob", "/v1/status").reason, Reason::takenOff);
}

TEST(CarryOver, letsTheFileWinWhereItSpeaksAnew) {
  Set set = must(writePolicy(*built(sample()), by("root"), {"app", {"/v1/status"}, {}}));
  set = must(assignPolicy(*set, by("root"), "app", "erin"));
  set = must(forgetIdentity(*set, "carol"));
  set = must(deletePolicy(*set, by("root"), "desk"));

  Statements edited = sample();
  edited[0].deny = {"/v1/key/delete/*"};
  edited[1].identities = {"dave"};
  const auto [now, lost] = carryOver(*set, *built(edited));
  EXPECT_THAT(
      lost,
      ElementsAre("identity 'carol': the configuration file has changed, which undoes what was changed at "
                  "run time",
                  "identity 'erin': taken off policy 'app', which the configuration file has replaced",
                  "policy 'app': the configuration file has changed, which undoes what was changed at run "
                  "time"));
  EXPECT_TRUE(now->decide("alice", "/v1/key/create/a").allowed());
  EXPECT_EQ(now->decide("carol", "/v1/status").reason, Reason::unknownIdentity);
  EXPECT_EQ(now->find("desk"), nullptr) << "still deleted";
}

// Otherwise somebody who may write a harmless policy by the name of a powerful one would have friends wait
// under it for the next change of the file.
TEST(CarryOver, givesNobodyAPolicyTheyWereNotPutUnder) {
  Set set = must(writePolicy(*built(sample()), by("root"), {"new", {"/v1/api"}, {}}));
  set = must(assignPolicy(*set, by("root"), "new", "erin"));
  set = must(assignPolicy(*set, by("root"), "new", "alice"));
  Statements edited = sample();
  edited.push_back({"new", {"*"}, {}, {}});
  const Set now = carryOver(*set, *built(edited)).set;
  EXPECT_EQ(now->policyOf("erin"), nullptr);
  EXPECT_EQ(now->policyOf("alice"), nullptr) << "not back under the policy she was moved off, either";
}

TEST(CarryOver, removedPoliciesAndNewRolesEndAssignments) {
  Set set = must(assignPolicy(*built(sample()), by("root"), "desk", "erin"));
  set = must(assignPolicy(*set, by("root"), "app", "frank"));
  Statements edited = sample();
  edited.pop_back();
  const auto read = *PolicySet::build("frank", edited);
  const auto [now, lost] = carryOver(*set, *read);
  EXPECT_THAT(
      lost,
      ElementsAre("identity 'erin': taken off policy 'desk', which the configuration file has removed",
                  "identity 'frank': the configuration file has changed, which undoes what was changed at "
                  "run time"));
  EXPECT_TRUE(now->overlay().identities.empty());
}

}  // namespace
}  // namespace kes::policy
