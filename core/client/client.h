#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "client/error.h"
#include "client/line_stream.h"
#include "client/metrics.h"
#include "client/settings.h"
#include "client/transport.h"

namespace kes::client {

struct Version {
  std::string version;
  std::string commit;
};

struct Status {
  std::string version;
  std::string os;           // "linux"
  std::string arch;         // "amd64"
  std::int64_t uptime = 0;  // seconds
  std::int64_t cpus = 0;
  std::int64_t usableCpus = 0;
  std::int64_t heapUsed = 0;         // bytes
  std::int64_t stackUsed = 0;        // bytes
  std::int64_t keystoreLatency = 0;  // milliseconds; 0 = not known
  bool keystoreUnreachable = false;
  bool keystoreUnavailable = false;
};

struct Api {
  std::string method;
  std::string path;
  std::int64_t maxBody = 0;  // bytes; 0 = takes none
  std::int64_t timeout = 0;  // seconds; 0 = none
};

struct KeyInfo {
  std::string name;
  std::string algorithm;  // empty where the server does not say: AES256
  std::string createdAt;  // RFC 3339, in the zone the server chose
  std::string createdBy;  // identity, or empty where it is not known
};

// A data encryption key, plain and encrypted under the named key.
struct DataKey {
  base::Secret plaintext;
  base::Bytes ciphertext;
};

struct Sealed {
  base::ByteView ciphertext;
  base::ByteView context;
};

struct PolicyInfo {
  std::string name;
  std::string createdAt;  // RFC 3339, in the zone the server chose; the zero time where it is not known
  std::string createdBy;  // identity, or empty where it is not known
};

struct Policy {
  std::vector<std::string> allow;  // sorted
  std::vector<std::string> deny;   // sorted
  std::string createdAt;
  std::string createdBy;
};

struct IdentityInfo {
  bool admin = false;
  std::string policy;  // its name; empty = none
  std::string createdAt;
  std::string createdBy;
};

// What the server says about whoever asks.
struct SelfInfo {
  std::string identity;
  IdentityInfo info;
  Policy rules;  // of info.policy; its createdAt is empty where the server does not say
};

enum class LogKind : std::uint8_t { audit, error };

// A client of the API (docs/protocol/http.md). Not thread-safe: one per thread. Every call blocks, at most
// for the time-outs of the settings times their attempts. Reads and cryptographic calls are repeated after a
// broken connection; create, import and delete only when nothing can have been done.
class Client {
 public:
  // `settings.endpoints` must not be empty.
  explicit Client(Settings settings) : transport_(std::move(settings)) {}

  [[nodiscard]] Result<Version> version();
  // Fails while the server's key store does.
  [[nodiscard]] Result<void> ready();
  [[nodiscard]] Result<Status> status();
  [[nodiscard]] Result<std::vector<Api>> apis();

  [[nodiscard]] Result<void> createKey(std::string_view name);
  // `cipher` is "AES256" or "ChaCha20".
  [[nodiscard]] Result<void> importKey(std::string_view name, const base::Secret& key,
                                       std::string_view cipher);
  [[nodiscard]] Result<KeyInfo> describeKey(std::string_view name);
  [[nodiscard]] Result<void> deleteKey(std::string_view name);
  // The names that start with `prefix`, over all pages, in the server's order. A trailing `*` means nothing:
  // some servers would look for it in the names.
  [[nodiscard]] Result<std::vector<std::string>> listKeys(std::string_view prefix);

  // `context` is authenticated with the ciphertext and must be given again to decrypt it.
  [[nodiscard]] Result<DataKey> generateKey(std::string_view name, base::ByteView context);
  [[nodiscard]] Result<base::Bytes> encrypt(std::string_view name, base::ByteView plaintext,
                                            base::ByteView context);
  [[nodiscard]] Result<base::Secret> decrypt(std::string_view name, base::ByteView ciphertext,
                                             base::ByteView context);
  // All or nothing, in order. Uses as few calls as the server's limits allow, and one per ciphertext where it
  // has no such route.
  [[nodiscard]] Result<std::vector<base::Secret>> decryptAll(std::string_view name,
                                                             std::span<const Sealed> ciphertexts);

  using Hmac = std::array<std::uint8_t, 32>;
  // HMAC-SHA256 under a key derived for this purpose alone.
  [[nodiscard]] Result<Hmac> hmac(std::string_view name, base::ByteView message);

  [[nodiscard]] Result<PolicyInfo> describePolicy(std::string_view name);
  [[nodiscard]] Result<Policy> readPolicy(std::string_view name);
  [[nodiscard]] Result<std::vector<std::string>> listPolicies(std::string_view prefix);
  // These change what the server holds in memory: it is gone when the server stops.
  [[nodiscard]] Result<void> writePolicy(std::string_view name, std::span<const std::string> allow,
                                         std::span<const std::string> deny);
  [[nodiscard]] Result<void> assignPolicy(std::string_view policy, std::string_view identity);
  [[nodiscard]] Result<void> deletePolicy(std::string_view name);

  [[nodiscard]] Result<IdentityInfo> describeIdentity(std::string_view identity);
  [[nodiscard]] Result<SelfInfo> describeSelf();
  [[nodiscard]] Result<std::vector<std::string>> listIdentities(std::string_view prefix);
  // Takes the identity off its policy, until the server stops.
  [[nodiscard]] Result<void> deleteIdentity(std::string_view identity);

  [[nodiscard]] Result<Metrics> metrics();
  // What the server logs from now on: a JSON object per line. Blocks until the server has said that it will
  // tell. The stream must not outlive the client.
  [[nodiscard]] Result<std::unique_ptr<LineStream>> followLog(LogKind kind);

  [[nodiscard]] const Settings& settings() const noexcept { return transport_.settings(); }

 private:
  // The names that start with `prefix`, which stand in the answers' `member`, over all pages.
  [[nodiscard]] Result<std::vector<std::string>> list(std::string_view route, std::string_view member,
                                                      std::string_view prefix);
  [[nodiscard]] Result<void> decryptBatch(std::string_view name, std::span<const Sealed> batch,
                                          std::vector<base::Secret>& out);
  [[nodiscard]] Result<void> decryptEach(std::string_view name, std::span<const Sealed> batch,
                                         std::vector<base::Secret>& out);

  Transport transport_;
};

}  // namespace kes::client
