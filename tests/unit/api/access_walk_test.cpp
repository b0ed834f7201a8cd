#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "access_model.h"
#include "api/handler.h"
#include "doubles.h"
#include "policy/route_rules.h"

namespace kes::api {
namespace {

using Rules = AccessModel::Rules;

// Requests, changes at run time and reloads in random order, each answer compared with what AccessModel says.
// Two handlers stand for two event loops.
class AccessWalk : public testing::Test {
 protected:
  template <typename T>
  const T& oneOf(const std::vector<T>& choices) {
    return choices[random_() % choices.size()];
  }
  bool happens(unsigned percent) { return random_() % 100 < percent; }

  Rules randomRules(bool ofFile) {
    Rules rules;
    const std::size_t allowed = random_() % 4;
    for (std::size_t i = 0; i < allowed; ++i) rules.allow.insert(oneOf(happens(50) ? keys_ : broad_));
    if (happens(30)) rules.deny.insert(oneOf(happens(50) ? keys_ : broad_));
    if (happens(10)) (happens(50) ? rules.allow : rules.deny).insert(oneOf(globs_));
    if (happens(ofFile ? 70 : 5)) {
      for (const std::string& pattern : changes_) {
        if (happens(70)) rules.allow.insert(pattern);
      }
    }
    return rules;
  }

  // What somebody might pass on: part of what they have, or a little more.
  Rules rulesLikeThoseOf(const std::string& identity) {
    const Rules* own = model_->find(model_->policyOf(identity));
    if (own == nullptr) return randomRules(false);
    Rules rules;
    for (const auto& pattern : own->allow) {
      const bool isChange = std::ranges::find(changes_, pattern) != changes_.end();
      if (happens(isChange ? 2 : 70)) rules.allow.insert(pattern);
    }
    for (const auto& pattern : own->deny) {
      if (happens(80)) rules.deny.insert(pattern);
    }
    if (happens(40)) rules.allow.insert(oneOf(keys_));
    if (happens(20)) rules.deny.insert(oneOf(keys_));
    return rules;
  }

  AccessModel::File randomFile() {
    AccessModel::File file{.admin = "root", .proxies = {"proxy"}, .policies = {}, .holders = {}};
    for (const auto& name : policies_) {
      if (happens(60)) file.policies[name] = randomRules(true);
    }
    for (const auto& identity : identities_) assignInFile(file, identity);
    return file;
  }

  void assignInFile(AccessModel::File& file, const std::string& identity) {
    file.holders.erase(identity);
    if (identity == file.admin || file.proxies.contains(identity) || file.policies.empty() || happens(30))
      return;
    file.holders[identity] =
        std::next(file.policies.begin(), static_cast<std::ptrdiff_t>(random_() % file.policies.size()))
            ->first;
  }

  // The file as it was, but for one thing.
  AccessModel::File editedFile() {
    AccessModel::File file = model_->file();
    const std::string& policy = oneOf(policies_);
    switch (random_() % 6) {
      case 0:
        file.admin = file.admin == "root" ? oneOf(identities_) : "root";
        file.proxies.erase(file.admin);
        file.holders.erase(file.admin);
        break;
      case 1:
        file.policies.erase(policy);
        std::erase_if(file.holders, [&](const auto& e) { return e.second == policy; });
        break;
      case 2:
        file.policies[policy] = randomRules(true);
        break;
      case 3:
        if (const auto& proxy = oneOf(identities_); proxy != file.admin) {
          file.proxies = {proxy};
          file.holders.erase(proxy);
        }
        break;
      default:
        assignInFile(file, oneOf(identities_));
    }
    return file;
  }

  static std::shared_ptr<const policy::PolicySet> build(const AccessModel::File& file) {
    std::vector<policy::PolicyStatement> statements;
    for (const auto& [name, rules] : file.policies) {
      policy::PolicyStatement statement{.name = name,
                                        .allow = {rules.allow.rbegin(), rules.allow.rend()},
                                        .deny = {rules.deny.begin(), rules.deny.end()},
                                        .identities = {}};
      for (const auto& [identity, policy] : file.holders) {
        if (policy == name) statement.identities.push_back(identity);
      }
      statements.push_back(std::move(statement));
    }
    auto set = policy::PolicySet::build(file.admin, statements,
                                        std::vector(file.proxies.begin(), file.proxies.end()));
    if (!set) throw std::runtime_error(set.error().message);
    return *set;
  }

  State stateOf(const AccessModel::File& file) {
    State state;
    state.policies = build(file);
    state.store = store_;
    for (RouteSettings& route : state.routes) route.timeout = std::chrono::seconds(15);
    return state;
  }

  void start() {
    const auto file = randomFile();
    model_.emplace(file);
    context_.state.publish(std::make_shared<const State>(stateOf(file)));
    for (auto& loop : loops_) loop = std::make_unique<ApiHandler>(context_);
  }

  FakeExchange ask(const std::string& method, const std::string& path, const std::string& as,
                   const std::string& body = {}) {
    FakeExchange exchange(method, path, body, as);
    ApiHandler& loop = *loops_[random_() % 2];
    loop.onRequest(exchange);
    if (exchange.bodyLimit) loop.onBody(exchange);
    return exchange;
  }

  std::string author() { return happens(15) ? model_->file().admin : oneOf(identities_); }

  void request() {
    static const std::vector<std::pair<std::string, std::string>> kRoutes = {
        {"PUT", "/v1/key/create/"},       {"DELETE", "/v1/key/delete/"},   {"GET", "/v1/key/list/"},
        {"PUT", "/v1/key/bulk/decrypt/"}, {"GET", "/v1/policy/describe/"}, {"GET", "/v1/identity/describe/"}};
    static const std::vector<std::string> kNames = {"a", "b", "ab", "abc", "c", "p1", "i1"};
    static const std::vector<std::string> kExact = {"/v1/status", "/v1/api", "/v1/policy/list/",
                                                    "/v1/identity/list/*"};
    const auto& [method, route] = oneOf(kRoutes);
    const bool exact = happens(20);
    const std::string path = exact ? oneOf(kExact) : route + oneOf(kNames);
    const std::string as = happens(5) ? model_->file().admin : oneOf(identities_);
    const FakeExchange exchange = ask(exact ? "GET" : method, path, as, "[");
    ASSERT_EQ(exchange.status != 403, model_->mayRequest(as, path)) << as << " asks for " << path;
  }

  // Compares the answer to a change with that of the model, and sees to it that nobody has gained a right
  // that neither they nor the author had before.
  template <typename Expect>
  void change(const std::string& method, const std::string& path, const std::string& by,
              const std::string& body, const Rules* granted, Expect expect) {
    const auto before = rights();
    const bool plainly = granted == nullptr || model_->comparesPlainly(by, *granted);
    const FakeExchange exchange = ask(method, path, by, body);
    AccessModel after = *model_;
    const int expected = expect(after);
    if (exchange.status == 403 && expected == 200 && !plainly) return;  // stricter than it would have to be
    ASSERT_EQ(exchange.status, expected) << method << ' ' << path << ' ' << body << " by " << by;
    ++answers_[expected];
    if (expected != 200) return;
    model_ = std::move(after);
    if (by == model_->file().admin) return;
    ++delegated_;
    for (const auto& [identity, paths] : rights()) {
      for (const std::string& open : paths) {
        const bool had = before.at(identity).contains(open);
        ASSERT_TRUE(had || identity != by) << by << " has gained " << open;
        ASSERT_TRUE(had || before.at(by).contains(open))
            << identity << " was given " << open << ", which " << by << " lacks";
      }
    }
  }

  // Who may ask for which of a few paths, as the server says.
  std::map<std::string, std::set<std::string>> rights() {
    static const std::vector<std::string> kPaths = {"/v1/key/create/a",
                                                    "/v1/key/create/b",
                                                    "/v1/key/create/abc",
                                                    "/v1/key/delete/a",
                                                    "/v1/key/list/~",
                                                    "/v1/key/decrypt/a",
                                                    "/v1/key/decrypt/~",
                                                    "/v1/key/bulk/decrypt/a",
                                                    "/v1/status",
                                                    "/v1/api",
                                                    "/v1/policy/read/p1",
                                                    "/v1/policy/write/p1",
                                                    "/v1/policy/write/p2",
                                                    "/v1/policy/assign/~",
                                                    "/v1/policy/delete/~",
                                                    "/v1/identity/list/",
                                                    "/v1/identity/assign/~~",
                                                    "/v1/identity/self",
                                                    "/v1/identity/forget/~",
                                                    "~"};
    std::map<std::string, std::set<std::string>> rights;
    const auto state = context_.state.get();
    for (const auto& identity : identities_) {
      for (const auto& path : kPaths) {
        auto& open = rights[identity];
        if (policy::decideByAllRules(*state->policies, identity, path).allowed()) open.insert(path);
      }
    }
    return rights;
  }

  static std::string json(const std::set<std::string>& texts) {
    std::string out = "[";
    for (const auto& text : texts) out += (out.size() == 1 ? "\"" : ",\"") + text + "\"";
    return out + "]";
  }

  void write() {
    const std::string by = author();
    const std::string& name = oneOf(policies_);
    const Rules rules = happens(50) ? rulesLikeThoseOf(by) : randomRules(false);
    const std::string body = R"({"allow":)" + json(rules.allow) + R"(,"deny":)" + json(rules.deny) + "}";
    change("POST", "/v1/policy/write/" + name, by, body, &rules,
           [&](AccessModel& model) { return model.write(by, name, rules); });
  }

  void assign() {
    const std::string by = author();
    const std::string& name = oneOf(policies_);
    const std::string identity = happens(5) ? model_->file().admin : oneOf(identities_);
    const bool inPath = happens(30);
    const std::string path =
        inPath ? "/v1/identity/assign/" + name + "/" + identity : "/v1/policy/assign/" + name;
    change("POST", path, by, inPath ? "" : R"({"identity":")" + identity + "\"}", model_->find(name),
           [&](AccessModel& model) { return model.assign(by, path, name, identity); });
  }

  void remove() {
    const std::string by = author();
    const std::string& name = oneOf(policies_);
    change("DELETE", "/v1/policy/delete/" + name, by, "", nullptr,
           [&](AccessModel& model) { return model.remove(by, name); });
  }

  void forget() {
    const std::string by = author();
    const std::string identity = happens(5) ? model_->file().admin : oneOf(identities_);
    const std::string path = (happens(50) ? "/v1/identity/forget/" : "/v1/identity/delete/") + identity;
    change("DELETE", path, by, "", nullptr,
           [&](AccessModel& model) { return model.forget(by, path, identity); });
  }

  void reload() {
    const auto file = editedFile();
    static_cast<void>(context_.state.replace(stateOf(file)));
    model_->reload(file);
  }

  // Lists, and who the server says somebody is.
  void look() {
    const std::string& admin = model_->file().admin;
    ASSERT_EQ(ask("GET", "/v1/policy/list/", admin).answer,
              R"({"names":)" + json(model_->policies()) + R"(,"continue_at":""})" + "\n");
    ASSERT_EQ(ask("GET", "/v1/identity/list/*", admin).answer,
              R"({"identities":)" + json(model_->identities()) + R"(,"continue_at":""})" + "\n");
    const std::string& who = oneOf(identities_);
    const std::string policy = model_->policyOf(who);
    const FakeExchange self = ask("GET", "/v1/identity/self/describe", who);
    if (who == admin) return;
    ASSERT_EQ(self.status, policy.empty() ? 404 : 200) << who;
    if (policy.empty()) return;
    ASSERT_NE(self.answer.find(R"("policy":")" + policy + '"'), std::string::npos);
  }

  void step() {
    const auto what = random_() % 100;
    if (what < 50) return request();
    if (what < 65) return write();
    if (what < 80) return assign();
    if (what < 84) return remove();
    if (what < 89) return forget();
    if (what < 93) return reload();
    look();
  }

  const std::vector<std::string> identities_ = {"root", "proxy", "i1", "i2", "i3", "i4", "i5", "i6", "i7"};
  const std::vector<std::string> policies_ = {"p1", "p2", "p3", "p4", "p5", "p6"};
  const std::vector<std::string> keys_ = {
      "/v1/key/create/a",         "/v1/key/create/a*", "/v1/key/create/*",
      "/v1/key/delete/*",         "/v1/key/list/*",    "/v1/key/list/ab",
      "/v1/key/decrypt/*",        "/v1/key/decrypt/a", "/v1/key/decrypt/a*",
      "/v1/key/bulk/decrypt/*",   "/v1/status",        "/v1/api",
      "/v1/key/bulk/decrypt/abc", "/v1/key/c*"};
  const std::vector<std::string> broad_ = {"*",
                                           "/v1/*",
                                           "/v1/key/*",
                                           "/v1/policy/*",
                                           "/v1/policy/read/*",
                                           "/v1/policy/w*",
                                           "/v1/identity/*",
                                           "/v1/identity/list/*",
                                           ""};
  const std::vector<std::string> changes_ = {
      "/v1/policy/write/*",    "/v1/policy/write/p1",   "/v1/policy/assign/*",  "/v1/policy/delete/*",
      "/v1/identity/assign/*", "/v1/identity/forget/*", "/v1/identity/delete/*"};
  const std::vector<std::string> globs_ = {"/v1/key/*/a", "/v1/key/*/a*", "/v1/key/create/?", "/v1/*/*/*",
                                           "/v1/policy/*/p1"};

  std::mt19937_64 random_{20'261'125};
  SilentLog log_;
  Context context_{.log = log_.log, .version = "v", .commit = "c"};
  std::shared_ptr<HeldStore> store_ = std::make_shared<HeldStore>();
  std::unique_ptr<ApiHandler> loops_[2];
  std::optional<AccessModel> model_;
  std::map<int, unsigned> answers_;  // to changes, by status
  unsigned delegated_ = 0;           // changes made by others than the admin
};

TEST_F(AccessWalk, agreesWithTheModelAtEveryOfManySteps) {
  constexpr unsigned kSteps = 100'000;
  constexpr unsigned kStepsOfAWorld = 200;
  for (unsigned i = 0; i < kSteps; ++i) {
    if (i % kStepsOfAWorld == 0) start();
    step();
    if (HasFatalFailure()) FAIL() << "in step " << i;
  }
  // The walk has been everywhere.
  for (const int status : {200, 400, 403, 404}) EXPECT_GT(answers_[status], 100U) << status;
  EXPECT_GT(delegated_, 1000U);
}

}  // namespace
}  // namespace kes::api
