#pragma once

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kes::api {

// The rules of docs/policies.md, written down a second time to be compared with: for the reader, without a
// thought for speed, and with nothing of core/policy.
class AccessModel {
 public:
  struct Rules {
    std::set<std::string> allow;
    std::set<std::string> deny;

    bool operator==(const Rules&) const = default;
  };

  // What a configuration file says.
  struct File {
    std::string admin;
    std::set<std::string> proxies;
    std::map<std::string, Rules> policies;
    std::map<std::string, std::string> holders;  // identity → policy
  };

  explicit AccessModel(File file) : file_(std::move(file)) {}

  [[nodiscard]] const File& file() const { return file_; }

  // The name of the policy that is in force for an identity; empty if there is none.
  [[nodiscard]] std::string policyOf(const std::string& identity) const {
    std::string name;
    if (const auto changed = identities_.find(identity); changed != identities_.end()) {
      name = changed->second;
    } else if (const auto stated = file_.holders.find(identity); stated != file_.holders.end()) {
      name = stated->second;
    }
    return find(name) != nullptr ? name : "";
  }

  [[nodiscard]] std::set<std::string> policies() const {
    std::set<std::string> names;
    for (const auto& [name, rules] : file_.policies) names.insert(name);
    for (const auto& [name, rules] : policies_) rules ? (void)names.insert(name) : (void)names.erase(name);
    return names;
  }

  [[nodiscard]] std::set<std::string> identities() const {
    std::set<std::string> all = {file_.admin};
    for (const auto& [identity, name] : file_.holders) all.insert(identity);
    for (const auto& [identity, name] : identities_) all.insert(identity);
    std::erase_if(all, [&](const auto& i) { return i != file_.admin && policyOf(i).empty(); });
    return all;
  }

  // Whether a request gets beyond the policies.
  [[nodiscard]] bool mayRequest(const std::string& identity, const std::string& path) const {
    if (identity == file_.admin) return true;
    if (!mayGo(identity, path)) return false;
    const std::string bulk = "/v1/key/bulk/decrypt/";
    return !path.starts_with(bulk) || mayGo(identity, "/v1/key/decrypt/" + path.substr(bulk.size()));
  }

  // --- changes: each gives the status of its answer, and is done where that is 200

  int write(const std::string& by, const std::string& name, const Rules& rules) {
    if (!mayRequest(by, "/v1/policy/write/" + name)) return 403;
    if (by != file_.admin && policyOf(by) == name) return 403;
    if (std::ranges::any_of(rules.allow, [](const auto& p) { return !changeRoute(p).empty(); })) return 400;
    if (by != file_.admin && !holdsAll(by, rules, false)) return 403;
    policies_[name] = rules;
    return 200;
  }

  int assign(const std::string& by, const std::string& path, const std::string& name,
             const std::string& identity) {
    if (!mayRequest(by, path)) return 403;
    if (identity == file_.admin || file_.proxies.contains(identity)) return 400;
    if (identity == by) return 403;
    if (by != file_.admin && policyOf(by) == name) return 403;
    const Rules* rules = find(name);
    if (rules == nullptr) return 404;
    if (by != file_.admin && !holdsAll(by, *rules, !policies_.contains(name))) return 403;
    identities_[identity] = name;
    return 200;
  }

  int remove(const std::string& by, const std::string& name) {
    if (!mayRequest(by, "/v1/policy/delete/" + name)) return 403;
    if (by != file_.admin && policyOf(by) == name) return 403;
    if (find(name) == nullptr) return 404;
    policies_[name] = std::nullopt;
    takeAllOff(name);
    return 200;
  }

  int forget(const std::string& by, const std::string& path, const std::string& identity) {
    if (!mayRequest(by, path)) return 403;
    if (identity == file_.admin) return 400;
    const bool stated = file_.holders.contains(identity) && !identities_.contains(identity);
    if (policyOf(identity).empty() && !stated) return 404;
    identities_[identity] = "";
    return 200;
  }

  void reload(const File& next) {
    const auto policyIn = [](const File& file, const std::string& name) {
      const auto it = file.policies.find(name);
      return it == file.policies.end() ? std::nullopt : std::optional(it->second);
    };
    const auto roleIn = [](const File& file, const std::string& identity) -> std::string {
      if (identity == file.admin) return "the admin";
      if (file.proxies.contains(identity)) return "a proxy";
      const auto it = file.holders.find(identity);
      return it == file.holders.end() ? "nobody" : "under " + it->second;
    };
    std::erase_if(identities_,
                  [&](const auto& e) { return roleIn(file_, e.first) != roleIn(next, e.first); });
    std::set<std::string> gone;
    std::erase_if(policies_, [&](const auto& e) {
      const bool changed = policyIn(file_, e.first) != policyIn(next, e.first);
      if (changed) gone.insert(e.first);
      return changed;
    });
    file_ = next;
    for (const auto& [identity, name] : identities_) {
      if (!name.empty() && find(name) == nullptr) gone.insert(name);
    }
    for (const auto& name : gone) takeAllOff(name);
  }

  // Whether the text is a pattern that both lines of KES read alike. Of these the server knows exactly which
  // lie within others; of the rest it may be stricter than it would have to be.
  static bool isPlain(const std::string& pattern) {
    const auto special = pattern.find_first_of("*?[\\");
    return special == std::string::npos || (special + 1 == pattern.size() && pattern.back() == '*');
  }
  [[nodiscard]] bool comparesPlainly(const std::string& by, const Rules& rules) const {
    const Rules* held = find(policyOf(by));
    const auto plain = [](const Rules& r) {
      return std::ranges::all_of(r.allow, isPlain) && std::ranges::all_of(r.deny, isPlain);
    };
    return plain(rules) && (held == nullptr || plain(*held));
  }
  [[nodiscard]] const Rules* find(const std::string& name) const {
    if (const auto it = policies_.find(name); it != policies_.end())
      return it->second ? &*it->second : nullptr;
    const auto it = file_.policies.find(name);
    return it == file_.policies.end() ? nullptr : &it->second;
  }

 private:
  static bool isPrefixOf(std::string_view pattern, const std::string& path) {
    return pattern.ends_with('*') && path.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  static bool allows(const std::string& pattern, const std::string& path) {
    if (pattern.empty()) return false;
    if (isPlain(pattern)) return path == pattern || isPrefixOf(pattern, path);
    return ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  }
  static bool denies(const std::string& pattern, const std::string& path) {
    return !pattern.empty() && (allows(pattern, path) || path == pattern || isPrefixOf(pattern, path));
  }

  static std::string changeRoute(const std::string& path) {
    for (const char* route : {"/v1/policy/write/", "/v1/policy/assign/", "/v1/policy/delete/",
                              "/v1/identity/assign/", "/v1/identity/forget/", "/v1/identity/delete/"}) {
      if (path.starts_with(route)) return route;
    }
    return {};
  }

  // Whether a policy opens a path: one of the file, or one written at run time.
  static bool opens(const Rules& rules, bool ofFile, const std::string& path) {
    if (std::ranges::any_of(rules.deny, [&](const auto& p) { return denies(p, path); })) return false;
    const std::string route = changeRoute(path);
    if (!route.empty() && !ofFile) return false;
    return std::ranges::any_of(rules.allow, [&](const auto& p) {
      return allows(p, path) && (route.empty() || p.starts_with(route));
    });
  }

  [[nodiscard]] bool mayGo(const std::string& identity, const std::string& path) const {
    const std::string name = policyOf(identity);
    return !name.empty() && opens(*find(name), !policies_.contains(name), path);
  }

  // Whether every path that a policy opens is open to `by` as well. All there are cannot be tried; but paths
  // at and just behind where patterns end or fork tell them apart. No pattern has a `~`.
  [[nodiscard]] bool holdsAll(const std::string& by, const Rules& rules, bool ofFile) const {
    std::set<std::string> paths;
    const Rules& held = *find(policyOf(by));
    for (const auto* patterns : {&rules.allow, &rules.deny, &held.allow, &held.deny}) {
      for (const std::string& pattern : *patterns) addPaths(pattern, paths);
    }
    return std::ranges::all_of(
        paths, [&](const auto& path) { return !opens(rules, ofFile, path) || mayGo(by, path); });
  }

  static void addPaths(const std::string& pattern, std::set<std::string>& paths) {
    const std::string head = pattern.substr(0, pattern.find_first_of("*?[\\"));
    const std::string starts[] = {head, pattern.substr(0, pattern.find_last_not_of('*') + 1)};
    for (const std::string& start : starts) {
      for (const char* end : {"", "~", "~/~"}) paths.insert(start + end);
    }
    for (const char* star : {"", "~"}) {
      std::string path;
      for (const char c : pattern) path += c == '*' ? std::string(star) : std::string(1, c == '?' ? '~' : c);
      paths.insert(path);
    }
  }

  void takeAllOff(const std::string& policy) {
    for (auto& [identity, name] : identities_) {
      if (name == policy) name = "";
    }
  }

  File file_;
  std::map<std::string, std::optional<Rules>> policies_;  // written at run time, or deleted
  std::map<std::string, std::string> identities_;         // put under a policy at run time, or under none
};

}  // namespace kes::api
