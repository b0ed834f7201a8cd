#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/source_map.h"

namespace kes::config {

enum class ClientAuth { off, on, pinned };

struct Tls {
  std::string keyFile;
  std::string certificateFile;
  std::string password;  // of an encrypted key; empty = none
  ClientAuth clientAuth = ClientAuth::off;
  bool clientAuthExplicit = false;  // the file says on, off or pinned
  std::string ca;                   // file or directory, empty = system roots only
  std::vector<std::string> proxyIdentities;
  std::string proxyHeader;
  base::SourceLocation certificateLocation;
  base::SourceLocation caLocation;
};

struct Policy {
  std::string name;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::vector<std::string> identities;
  base::SourceLocation location;
};

struct Api {
  bool skipAuth = false;
  std::chrono::nanoseconds timeout{0};  // 0 = the route's default
  base::SourceLocation location;
};

struct CacheExpiry {
  std::chrono::nanoseconds any = std::chrono::minutes(5);
  std::chrono::nanoseconds unused = std::chrono::seconds(30);
  std::chrono::nanoseconds offline{0};                            // 0 = off
  std::chrono::nanoseconds revalidate = std::chrono::minutes(1);  // 0 = off; `cache.expiry.revalidate`, ours
};

// Levels are numbers as in Go's slog: DEBUG -4, INFO 0, WARN 4, ERROR 8; 9 silences everything.
struct Log {
  int error = 0;
  int audit = 0;
  bool json = false;
  std::string auditFile;       // empty = none; `log.audit_file`, ours
  bool auditRequired = false;  // no answer before its record is in that file; `log.audit_required`, ours
};

// `limits:`, ours. Every one has a default that suits most servers.
struct Limits {
  std::chrono::nanoseconds handshake = std::chrono::seconds(10);
  std::chrono::nanoseconds header = std::chrono::seconds(5);
  std::chrono::nanoseconds body = std::chrono::seconds(5);  // for another KiB of it
  std::chrono::nanoseconds idle = std::chrono::seconds(120);
  std::chrono::nanoseconds shutdown = std::chrono::seconds(10);
  std::size_t connections = 0;             // 0 = as many as the file descriptors allow, less some headroom
  std::size_t connectionsPerAddress = 0;   // 0 = no limit
  std::size_t connectionsPerIdentity = 0;  // 0 = no limit
  std::size_t handshakes = 256;            // in progress, per handshaker
  std::size_t headerSize = 16 * 1024;
  std::size_t bodyPerConnection = 4'000'000;
  std::size_t bodyTotal = 256'000'000;
  std::size_t answersPerConnection = 4 * 1024 * 1024;  // HTTP/2
  std::size_t jsonDepth = 64;
  std::size_t streams = 250;  // per HTTP/2 connection, as are the next five
  std::size_t resetBurst = 1000;
  std::size_t resetRate = 33;  // per second
  std::size_t settingsEntries = 32;
  std::size_t continuations = 8;
  std::size_t unreadAcks = 1000;
  std::size_t requestsPerIdentity = 0;  // per second; 0 = no limit
  std::size_t burstPerIdentity = 0;     // 0 = those of one second
  std::size_t missesPerIdentity = 0;    // waiting for the store; 0 = no limit
  std::size_t storeThreads = 16;
  std::size_t storeQueue = 1024;
  std::size_t logStreams = 100;
  std::size_t logStreamQueue = 256 * 1024;  // bytes of each

  bool operator==(const Limits&) const = default;
};

// The section `plugin:`, ours.
struct Plugin {
  std::string dir;     // empty = the search path
  std::string sha256;  // lower-case hex; empty = not pinned
};

// One back end: the child of `keystore:`. `id` is the plugin's id. `json` is its section as canonical JSON,
// that is, members sorted and no blanks: every scalar is a string with the text of the file, ${VAR} resolved,
// and members that are null are left out. For the vendors that KES nests (`aws.secretsmanager` and the like)
// the id is the vendor and the section the inner one. It may hold secrets: never log it.
struct KeyStore {
  std::string id;
  std::string json;
  base::SourceMap locations;  // of each value, by JSON pointer
};

struct PredefinedKey {
  std::string name;
  base::SourceLocation location;
};

// A whole, validated configuration file.
struct Config {
  std::string file;
  std::string address = "0.0.0.0:7373";  // IP literal (IPv6 in brackets) and port
  std::string admin;
  Tls tls;
  CacheExpiry cache;
  std::map<std::string, Api> api;  // by path of the route, with the '/' at its end if it takes a name
  std::vector<Policy> policies;
  std::vector<PredefinedKey> keys;
  Log log;
  Limits limits;
  Plugin plugin;
  KeyStore keystore;

  // What the file says that has no effect, is deprecated or is read differently by KES releases; each with
  // its place.
  std::vector<std::string> warnings;
};

// The value of an environment variable, or nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
[[nodiscard]] Environment processEnvironment();

// Reads, substitutes ${VAR} and validates. Opens no other file and contacts nobody. A failure is one line:
// "config.yml:12:5: tls.auth: …".
[[nodiscard]] base::Outcome<Config> load(const std::string& file, const Environment& environment);
// The same for a text in memory; `file` is the name that messages use.
[[nodiscard]] base::Outcome<Config> parse(std::string_view text, const std::string& file,
                                          const Environment& environment);

// "[ip]:port" taken apart; an empty host is all interfaces. The failure says what is wrong.
struct Address {
  std::string host;  // IP literal without brackets, or empty
  std::uint16_t port = 0;
};
[[nodiscard]] base::Outcome<Address> parseAddress(const std::string& text);

// "INFO", "warn+1", "off", "-4" …
[[nodiscard]] base::Outcome<int> parseLogLevel(const std::string& text);
[[nodiscard]] std::string formatLogLevel(int level);

}  // namespace kes::config
