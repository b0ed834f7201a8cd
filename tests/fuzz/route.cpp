// The path router (api/route.h) and the rule for names (base/name.h).
#include "api/route.h"

#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "base/name.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

using Kind = api::Match::Kind;

// docs/protocol/http.md, "Names and patterns", word for word.
bool isName(std::string_view name) {
  constexpr std::string_view kCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
  return !name.empty() && name.size() <= 80 && name.find_first_not_of(kCharacters) == name.npos &&
         name != "_" && !name.starts_with('-') && !name.ends_with('-');
}

void checkRoute(const api::Match& match) {
  require(match.route != nullptr && match.location.empty(), "a route has no location");
  require(match.path.find('\0') == match.path.npos, "a path has no NUL");
  require(match.path.substr(0, match.route->path.size()) == match.route->path, "the path is the route's");
  require(match.path.substr(match.route->path.size()) == match.resource, "the rest is the resource");
  require(match.route->hasResource() || match.resource.empty(), "only a sub-tree has resources");
  require(base::isValidName(match.resource) == isName(match.resource), "the rule for names is kept");
}

void checkRedirect(std::string_view target, const api::Match& match) {
  const std::string& location = match.location;
  require(location.starts_with('/') && !location.starts_with("//"), "it stays on this server");
  const auto query = target.substr(std::min(target.find('?'), target.size()));
  require(location.ends_with(query), "the query is kept");
  std::string scratch;
  std::string next = location;
  for (int hops = 0; hops < 2; ++hops) {  // one cleans the path, one adds the slash at its end
    const auto followed = api::findRoute(next, scratch);
    if (followed.kind != Kind::redirect) return;
    next = followed.location;
  }
  require(false, "redirects end");
}

// Encoding more of a path than one must changes nothing.
void checkEscaped(std::string_view target, const api::Match& match) {
  const auto path = target.substr(0, target.find('?'));
  if (path.find('%') != path.npos) return;
  std::string escaped;
  for (const char c : path) {
    escaped += c == '/' ? "/" : '%' + base::encodeHex(base::bytesOf({&c, 1}));
  }
  std::string scratch;
  const auto again = api::findRoute(escaped + "?query", scratch);
  require(again.kind == Kind::route && again.route == match.route, "escapes lead to the same route");
  require(again.path == match.path && again.resource == match.resource, "and to the same resource");
}

void check(std::string_view target) {
  std::string scratch;
  const auto match = api::findRoute(target, scratch);
  if (match.kind == Kind::route) {
    checkRoute(match);
    checkEscaped(target, match);
  }
  if (match.kind == Kind::redirect) checkRedirect(target, match);
  if (match.kind == Kind::malformed) {
    require(target.find_first_of(std::string_view("%\0", 2)) != target.npos, "it is an escape or a NUL");
  }
  if (base::isValidName(target)) {
    require(isName(target), "a name that is accepted follows the rule");
    require(base::isValidPattern(target), "and lists itself");
  }
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::check(kes::base::textOf({data, size}));
  return 0;
}
