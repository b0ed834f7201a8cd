#include "config/known_keys.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "config/message.h"

namespace kes::config {
namespace {

constexpr auto kKeys = std::to_array<KnownKey>({
    {"version", "text", "", "Version of the format: `v1` or nothing"},
    {"address", "ip:port", "0.0.0.0:7373",
     "Where the server listens; an IP address or nothing (all), and a port"},
    {"admin.identity", "identity", "required", "Who may do everything; `disabled` for nobody"},
    {"tls.key", "path", "required", "Private key of the server, PEM"},
    {"tls.cert", "path", "required", "Certificate of the server and its chain, PEM"},
    {"tls.password", "text", "", "Password of an encrypted private key"},
    {"tls.auth", "on, off, pinned", "off", "How client certificates are checked"},
    {"tls.ca", "path", "", "Certificates to trust besides the system's; a file or a directory"},
    {"tls.proxy.identities", "list of identity", "", "TLS proxies that may forward client certificates"},
    {"tls.proxy.header.cert", "text", "", "HTTP header in which a proxy forwards the certificate"},
    {"cache.expiry.any", "duration", "5m", "How long a key stays in the cache at most"},
    {"cache.expiry.unused", "duration", "30s", "How long a key stays in the cache without being used"},
    {"cache.expiry.offline", "duration", "0s",
     "How long keys stay while the key store is unreachable; 0 is off"},
    {"cache.expiry.revalidate", "duration", "1m", "How often a cached key is looked up again; 0 is off"},
    {"api.<path>.skip_auth", "yes or no", "false", "Serve this route without authentication"},
    {"api.<path>.timeout", "duration", "0s", "Deadline of this route; 0 is its own default"},
    {"policy.<name>.allow", "list of pattern", "", "Paths that the policy opens"},
    {"policy.<name>.deny", "list of pattern", "", "Paths that the policy refuses; beats `allow`"},
    {"policy.<name>.identities", "list of identity", "", "Who has this policy"},
    {"policy.<name>.paths", "list of pattern", "", "Old name of `allow`"},
    {"keys[].name", "name", "", "A key to create before serving, unless it exists"},
    {"log.error", "level", "INFO", "What the error log prints"},
    {"log.audit", "level", "INFO", "What the audit log prints on the console"},
    {"log.format", "text or json", "text", "Format of both logs on the console"},
    {"log.audit_file", "path", "", "File to which the whole audit log is appended, as JSON"},
    {"log.audit_required", "yes or no", "false", "Answer nobody before the record is in the audit file"},
    {"limits.handshake_timeout", "duration", "10s", "Longest TLS handshake"},
    {"limits.header_timeout", "duration", "5s", "Longest time to send the header of a request"},
    {"limits.body_timeout", "duration", "5s", "Longest time to send another KiB of a body"},
    {"limits.idle_timeout", "duration", "2m",
     "How long a connection may stay without a request, or an answer without being taken"},
    {"limits.shutdown_timeout", "duration", "10s",
     "How long running requests may take at shutdown; 0 is no time"},
    {"limits.connections", "number", "0", "Most connections at a time; 0 is what the file descriptors allow"},
    {"limits.connections_per_address", "number", "0",
     "Most connections of one IP address, or /64 of IPv6, at a time; 0 = no limit"},
    {"limits.connections_per_identity", "number", "0",
     "Most connections of one identity at a time; 0 = no limit"},
    {"limits.handshakes", "number", "256", "Most TLS handshakes at a time on each of the threads for them"},
    {"limits.header_size", "size", "16KiB", "Largest header of a request"},
    {"limits.body_per_connection", "size", "4MB", "Most bytes of request bodies held for one connection"},
    {"limits.body_total", "size", "256MB", "Most bytes of request bodies held at a time"},
    {"limits.answers_per_connection", "size", "4MiB",
     "Most bytes of answers that an HTTP/2 connection holds for a client that does not take them"},
    {"limits.json_depth", "number", "64", "Deepest nesting of a JSON body"},
    {"limits.streams", "number", "250", "Most requests at a time on one HTTP/2 connection"},
    {"limits.reset_burst", "number", "1000", "Most HTTP/2 requests a connection may cancel at once"},
    {"limits.reset_rate", "number", "33",
     "Most HTTP/2 requests a connection may cancel per second after that"},
    {"limits.settings_entries", "number", "32", "Most entries in one SETTINGS frame of HTTP/2"},
    {"limits.continuations", "number", "8", "Most CONTINUATION frames in the header of one HTTP/2 request"},
    {"limits.unread_acks", "number", "1000",
     "Most PING and SETTINGS frames of an HTTP/2 connection that wait to be acknowledged"},
    {"limits.requests_per_identity", "number", "0", "Most requests of one identity per second; 0 = no limit"},
    {"limits.burst_per_identity", "number", "0",
     "Most requests of one identity at once; 0 = those of one second"},
    {"limits.misses_per_identity", "number", "0",
     "Most requests of one identity that may wait for the key store; 0 = no limit"},
    {"limits.store_threads", "number", "16", "Most calls of the key store at a time"},
    {"limits.store_queue", "number", "1024", "Most calls waiting for the key store"},
    {"limits.log_streams", "number", "100", "Most clients that read a log at a time"},
    {"limits.log_stream_queue", "size", "256KiB", "Most bytes of a log that wait for one of them"},
    {"plugin.dir", "path", "", "Directory of the plugins, instead of the search path"},
    {"plugin.sha256", "hex", "", "SHA-256 that the file of the plugin must have"},
    {"keystore.<plugin>", "mapping", "required", "The key store and its settings"},
    {"root", "identity", "", "Old name of `admin.identity`"},
});

constexpr std::string_view kAnyKey = "<>";
constexpr std::string_view kAnyItem = "[]";

// The table as a tree. A shape without members takes anything.
struct Shape {
  std::map<std::string, Shape, std::less<>> members;

  [[nodiscard]] const Shape* find(std::string_view key) const {
    if (const auto it = members.find(key); it != members.end()) return &it->second;
    const auto any = members.find(kAnyKey);
    return any == members.end() ? nullptr : &any->second;
  }
};

[[nodiscard]] Shape shapeOf(std::span<const KnownKey> keys) {
  Shape root;
  for (const auto& key : keys) {
    Shape* shape = &root;
    for (std::string_view rest = key.path; !rest.empty();) {
      std::string_view part = rest.substr(0, rest.find('.'));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      const bool isList = part.ends_with(kAnyItem);
      if (isList) part.remove_suffix(kAnyItem.size());
      shape = &shape->members[std::string(part.starts_with('<') ? kAnyKey : part)];
      if (isList) shape = &shape->members[std::string(kAnyItem)];
    }
  }
  return root;
}

void walk(Reader& reader, const YamlNode& node, const Shape& shape, const std::string& path) {
  if (shape.members.empty()) return;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (const Shape* item = shape.find(kAnyItem)) walk(reader, *node.items[i], *item, itemPath(path, i));
  }
  for (const auto& member : node.members) {
    const std::string memberAt = memberPath(path, member.key);
    if (const Shape* known = shape.find(member.key)) {
      walk(reader, *member.value, *known, memberAt);
    } else {
      reader.warn(reader.at(member.mark), memberAt, "unknown key, it has no effect; correct or remove it");
    }
  }
}

}  // namespace

std::span<const KnownKey> knownKeys() {
  return kKeys;
}

void warnAboutUnknownKeys(Reader& reader, const NodePtr& root) {
  walk(reader, *root, shapeOf(kKeys), "");
}

}  // namespace kes::config
