#include "client/client.h"

#include <algorithm>
#include <utility>

#include "base/json_reader.h"
#include "client/calls.h"

namespace kes::client {
namespace {

constexpr std::size_t kMaxVersionAnswer = 1024;

bool readStatus(base::Secret& body, Status& out) {
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("version")) {
      json.readString(out.version);
    } else if (json.nameIs("os")) {
      json.readString(out.os);
    } else if (json.nameIs("arch")) {
      json.readString(out.arch);
    } else if (json.nameIs("uptime")) {
      json.readInteger(out.uptime);
    } else if (json.nameIs("num_cpu")) {
      json.readInteger(out.cpus);
    } else if (json.nameIs("num_cpu_used")) {
      json.readInteger(out.usableCpus);
    } else if (json.nameIs("mem_heap_used")) {
      json.readInteger(out.heapUsed);
    } else if (json.nameIs("mem_stack_used")) {
      json.readInteger(out.stackUsed);
    } else if (json.nameIs("keystore_latency")) {
      json.readInteger(out.keystoreLatency);
    } else if (json.nameIs("keystore_unreachable")) {
      json.readBool(out.keystoreUnreachable);
    } else if (json.nameIs("keystore_unavailable")) {
      json.readBool(out.keystoreUnavailable);
    }
  }
  return json.done();
}

void readApi(base::JsonReader& json, Api& out) {
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("method")) {
      json.readString(out.method);
    } else if (json.nameIs("path")) {
      json.readString(out.path);
    } else if (json.nameIs("max_body")) {
      json.readInteger(out.maxBody);
    } else if (json.nameIs("timeout")) {
      json.readInteger(out.timeout);
    }
  }
}

bool readNames(base::Secret& body, std::string_view member, std::vector<std::string>& names,
               std::string& next) {
  base::JsonReader json(body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs(member)) {
      json.beginArray();
      while (json.nextElement()) json.readString(names.emplace_back());
    } else if (json.nameIs("continue_at")) {
      json.readString(next);
    }
  }
  return json.done();
}

// One JSON object per line, as older servers list; {"error": …} breaks the listing off.
Result<void> readNameLines(base::Secret& body, std::vector<std::string>& names) {
  base::ByteSpan rest = body.revealMutable();
  while (!rest.empty()) {
    const auto line = rest.first(std::min(base::textOf(rest).find('\n'), rest.size()));
    rest = rest.subspan(std::min(line.size() + 1, rest.size()));
    std::string name;
    std::string error;
    base::JsonReader json(line);
    json.beginObject();
    while (json.nextMember()) {
      if (json.nameIs("name") || json.nameIs("identity")) {
        json.readString(name);
      } else if (json.nameIs("error")) {
        json.readString(error);
      }
    }
    if (!json.done()) return malformed("list");
    if (!error.empty()) return std::unexpected(Error{Failure::answered, 0, std::move(error)});
    names.push_back(std::move(name));
  }
  return {};
}

}  // namespace

Result<Version> Client::version() {
  auto response = transport_.send({.method = "GET", .path = "/version", .limit = kMaxVersionAnswer});
  if (!response) return std::unexpected(response.error());
  Version version;
  base::JsonReader json(response->body.revealMutable());
  json.beginObject();
  while (json.nextMember()) {
    if (json.nameIs("version")) {
      json.readString(version.version);
    } else if (json.nameIs("commit")) {
      json.readString(version.commit);
    }
  }
  if (!json.done()) return malformed("version");
  return version;
}

Result<void> Client::ready() {
  return withoutBody(transport_.send({.method = "GET", .path = "/v1/ready"}));
}

Result<Status> Client::status() {
  auto response = transport_.send({.method = "GET", .path = "/v1/status"});
  if (!response) return std::unexpected(response.error());
  Status status;
  if (!readStatus(response->body, status)) return malformed("status");
  return status;
}

Result<std::vector<Api>> Client::apis() {
  auto response = transport_.send({.method = "GET", .path = "/v1/api"});
  if (!response) return std::unexpected(response.error());
  std::vector<Api> apis;
  base::JsonReader json(response->body.revealMutable());
  json.beginArray();
  while (json.nextElement()) readApi(json, apis.emplace_back());
  if (!json.done()) return malformed("list of APIs");
  return apis;
}

Result<Metrics> Client::metrics() {
  auto response = transport_.send({.method = "GET", .path = "/v1/metrics"});
  if (!response) return std::unexpected(response.error());
  auto metrics = parseMetrics(base::textOf(response->body.reveal()));
  if (!metrics) return malformed("set of metrics: " + metrics.error().message);
  return std::move(*metrics);
}

Result<std::unique_ptr<LineStream>> Client::followLog(LogKind kind) {
  const std::string path = kind == LogKind::audit ? "/v1/log/audit" : "/v1/log/error";
  auto response = transport_.send({.method = "GET", .path = path, .answer = Request::Answer::lines});
  if (!response) return std::unexpected(response.error());
  return std::move(response->lines);
}

Result<std::vector<std::string>> Client::list(std::string_view route, std::string_view member,
                                              std::string_view prefix) {
  if (prefix.ends_with('*')) prefix.remove_suffix(1);
  std::vector<std::string> names;
  // Every server takes `*` for everything; not all of them take the empty pattern.
  std::string pattern(prefix.empty() ? "*" : prefix);
  for (;;) {
    const std::size_t before = names.size();
    std::string next;
    auto response = transport_.send({.method = "GET", .path = std::string(route) + escaped(pattern)});
    if (!response) return std::unexpected(response.error());
    if (response->contentType == "application/x-ndjson") {
      if (auto lines = readNameLines(response->body, names); !lines) return std::unexpected(lines.error());
    } else if (!readNames(response->body, member, names, next)) {
      return malformed("list");
    }
    if (next.empty() || names.size() == before) return names;
    if (next == pattern) return malformed("list: it does not get on");
    pattern = std::move(next);
  }
}

}  // namespace kes::client
