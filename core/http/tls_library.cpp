#include "http/tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "http/tls_hmac.h"
#include "http/tls_key_schedule.h"

namespace kes::http {
namespace {

// What TLS 1.2 and 1.3 with the groups and ciphers of tls_context.cpp use, certificates and the random
// generator included.
constexpr std::string_view kDigests[] = {"SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"};
constexpr std::string_view kCiphers[] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-256-CTR",
                                         "AES-256-ECB"};
constexpr std::string_view kMacs[] = {"HMAC"};
constexpr std::string_view kKdfs[] = {"HKDF", "TLS13-KDF", "TLS1-PRF"};
constexpr std::string_view kRandom[] = {"CTR-DRBG", "SEED-SRC"};
constexpr std::string_view kKeys[] = {"EC", "RSA", "RSA-PSS", "ED25519", "ED448", "X25519", "HMAC"};
constexpr std::string_view kExchanges[] = {"ECDH", "X25519"};
constexpr std::string_view kSignatures[] = {"ECDSA", "RSA", "ED25519", "ED448", "HMAC"};
constexpr std::string_view kDecoders[] = {"EC", "RSA", "RSA-PSS", "ED25519", "ED448"};

// The decoders of keys in certificates. That of private keys, of parameters and of PEM are not needed.
constexpr std::string_view kDecoderProperties[] = {"input=der", "structure=SubjectPublicKeyInfo"};

struct Operation {
  int id;
  std::span<const std::string_view> names;
  std::span<const std::string_view> properties = {};
};
constexpr std::array kOperations{
    Operation{OSSL_OP_DIGEST, kDigests},
    Operation{OSSL_OP_CIPHER, kCiphers},
    Operation{OSSL_OP_MAC, kMacs},
    Operation{OSSL_OP_KDF, kKdfs},
    Operation{OSSL_OP_RAND, kRandom},
    Operation{OSSL_OP_KEYMGMT, kKeys},
    Operation{OSSL_OP_KEYEXCH, kExchanges},
    Operation{OSSL_OP_SIGNATURE, kSignatures},
    Operation{OSSL_OP_DECODER, kDecoders, kDecoderProperties},
};

// True when one of the names in "AES-128-GCM:id-aes128-GCM:…" is wanted.
bool isWanted(std::string_view names, std::span<const std::string_view> wanted) {
  while (!names.empty()) {
    const auto end = std::min(names.find(':'), names.size());
    if (std::ranges::find(wanted, names.substr(0, end)) != wanted.end()) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

bool isWanted(const OSSL_ALGORITHM& algorithm, const Operation& operation) {
  const std::string_view properties = algorithm.property_definition;
  return isWanted(algorithm.algorithm_names, operation.names) &&
         std::ranges::all_of(operation.properties, [&](std::string_view property) {
           return properties.find(property) != properties.npos;
         });
}

// What we do for ourselves: OpenSSL's own is correct, but takes a quarter of a resumed handshake.
const OSSL_DISPATCH* ownFunctions(const OSSL_ALGORITHM& algorithm, int operation) {
  static constexpr std::string_view kMac[] = {"HMAC"};
  static constexpr std::string_view kKeySchedule[] = {"TLS13-KDF"};
  if (operation == OSSL_OP_MAC && isWanted(algorithm.algorithm_names, kMac)) return tlsHmacFunctions();
  if (operation == OSSL_OP_KDF && isWanted(algorithm.algorithm_names, kKeySchedule))
    return tlsKeyScheduleFunctions();
  return nullptr;
}

// OpenSSL's default provider, of which it shows a part. All other algorithms stay those of the default
// provider: they get its context, and run its code.
class TlsProvider {
 public:
  explicit TlsProvider(OSSL_PROVIDER* whole) : whole_(whole) {
    for (std::size_t i = 0; i < kOperations.size(); ++i) {
      int doNotCache = 0;
      const auto* all = OSSL_PROVIDER_query_operation(whole_, kOperations[i].id, &doNotCache);
      for (; all != nullptr && all->algorithm_names != nullptr; ++all) {
        if (!isWanted(*all, kOperations[i])) continue;
        auto& shown = shown_[i].emplace_back(*all);
        if (const auto* own = ownFunctions(*all, kOperations[i].id)) shown.implementation = own;
      }
      shown_[i].push_back({});  // ends the list
    }
  }

  // The library context that knows this provider alone; null on failure. Lives as long as the process.
  OSSL_LIB_CTX* open() {
    auto* library = OSSL_LIB_CTX_new();
    if (library == nullptr || OSSL_PROVIDER_add_builtin(library, "tls", start) != 1 ||
        OSSL_PROVIDER_load(library, "tls") == nullptr) {
      OSSL_LIB_CTX_free(library);
      return nullptr;
    }
    return library;
  }

  static TlsProvider* the;  // OpenSSL hands its functions nothing but the default provider's context

 private:
  static const OSSL_ALGORITHM* query(void*, int operation, int* doNotCache) {
    *doNotCache = 0;
    const auto found = std::ranges::find(kOperations, operation, &Operation::id);
    if (found == kOperations.end()) return nullptr;
    return the->shown_[static_cast<std::size_t>(found - kOperations.begin())].data();
  }

  static int capabilities(void*, const char* capability, OSSL_CALLBACK* callback, void* argument) {
    return OSSL_PROVIDER_get_capabilities(the->whole_, capability, callback, argument);
  }

  static int start(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions,
                   void** context) {
    static const OSSL_DISPATCH kFunctions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(query)},
        {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<void (*)()>(capabilities)},
        {0, nullptr}};
    *functions = kFunctions;
    *context = OSSL_PROVIDER_get0_provider_ctx(the->whole_);
    return 1;
  }

  OSSL_PROVIDER* whole_;
  std::array<std::vector<OSSL_ALGORITHM>, kOperations.size()> shown_;
};

TlsProvider* TlsProvider::the = nullptr;

OSSL_LIB_CTX* openTlsLibrary() {
  const bool bound = EVP_default_properties_is_fips_enabled(nullptr) == 1 ||
                     OSSL_PROVIDER_available(nullptr, "default") != 1;
  if (bound) return nullptr;
  auto* whole = OSSL_PROVIDER_load(nullptr, "default");
  if (whole == nullptr) return nullptr;
  TlsProvider::the = new TlsProvider(whole);
  return TlsProvider::the->open();
}

}  // namespace

void useTlsAlgorithmsOnly() noexcept {
  static OSSL_LIB_CTX* const library = openTlsLibrary();
  if (library != nullptr) OSSL_LIB_CTX_set0_default(library);
}

}  // namespace kes::http
