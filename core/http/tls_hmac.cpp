// OpenSSL 3 calls its low-level hash functions deprecated. There is no other way to hash without an
// allocation, and this is OpenSSL's own, accelerated code.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "http/tls_hmac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/secret.h"

namespace kes::http {
namespace {

// "HMAC" as OpenSSL uses it: digest and key come one by one.
struct Mac {
  std::optional<TlsDigest> digest;
  std::optional<TlsHmac> hmac;
};

Mac& macOf(void* context) {
  return *static_cast<Mac*>(context);
}

void* newMac(void*) {
  return new (std::nothrow) Mac;
}

void* copyMac(void* context) {
  return new (std::nothrow) Mac(macOf(context));
}

void freeMac(void* context) {
  delete static_cast<Mac*>(context);
}

int useKey(Mac& mac, base::ByteView key) {
  if (!mac.digest) return 0;
  mac.hmac.emplace(*mac.digest, key);
  return 1;
}

int setMacParameters(void* context, const OSSL_PARAM* parameters) {
  auto& mac = macOf(context);
  if (const auto* digest = OSSL_PARAM_locate_const(parameters, OSSL_MAC_PARAM_DIGEST)) {
    const char* name = nullptr;
    if (OSSL_PARAM_get_utf8_string_ptr(digest, &name) != 1) return 0;
    mac.digest = tlsDigestNamed(name);
    if (!mac.digest) return 0;
  }
  const auto* key = OSSL_PARAM_locate_const(parameters, OSSL_MAC_PARAM_KEY);
  if (key == nullptr) return 1;
  const void* bytes = nullptr;
  std::size_t size = 0;
  if (OSSL_PARAM_get_octet_string_ptr(key, &bytes, &size) != 1) return 0;
  return useKey(mac, {static_cast<const std::uint8_t*>(bytes), size});
}

int initMac(void* context, const unsigned char* key, std::size_t size, const OSSL_PARAM* parameters) {
  if (setMacParameters(context, parameters) != 1) return 0;
  return key == nullptr ? 1 : useKey(macOf(context), {key, size});
}

int updateMac(void* context, const unsigned char* message, std::size_t size) {
  auto& mac = macOf(context);
  if (!mac.hmac) return 0;
  mac.hmac->add({message, size});
  return 1;
}

int finishMac(void* context, unsigned char* out, std::size_t* size, std::size_t room) {
  auto& mac = macOf(context);
  if (!mac.hmac || room < sizeOf(*mac.digest)) return 0;
  mac.hmac->finish(out);
  mac.hmac.reset();
  *size = sizeOf(*mac.digest);
  return 1;
}

const OSSL_PARAM* gettableMacParameters(void*, void*) {
  static const OSSL_PARAM kGettable[] = {OSSL_PARAM_size_t(OSSL_MAC_PARAM_SIZE, nullptr),
                                         OSSL_PARAM_size_t(OSSL_MAC_PARAM_BLOCK_SIZE, nullptr),
                                         OSSL_PARAM_END};
  return kGettable;
}

int getMacParameters(void* context, OSSL_PARAM* parameters) {
  const auto& digest = macOf(context).digest;
  auto* size = OSSL_PARAM_locate(parameters, OSSL_MAC_PARAM_SIZE);
  if (size != nullptr && OSSL_PARAM_set_size_t(size, digest ? sizeOf(*digest) : 0) != 1) return 0;
  auto* block = OSSL_PARAM_locate(parameters, OSSL_MAC_PARAM_BLOCK_SIZE);
  return block == nullptr ? 1 : OSSL_PARAM_set_size_t(block, digest ? blockSizeOf(*digest) : 0);
}

const OSSL_PARAM* settableMacParameters(void*, void*) {
  static const OSSL_PARAM kSettable[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, nullptr, 0),
                                         OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_PROPERTIES, nullptr, 0),
                                         OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, nullptr, 0),
                                         OSSL_PARAM_END};
  return kSettable;
}

}  // namespace

std::optional<TlsDigest> tlsDigestNamed(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 3> kSha256 = {"SHA2-256", "SHA256", "SHA-256"};
  static constexpr std::array<std::string_view, 3> kSha384 = {"SHA2-384", "SHA384", "SHA-384"};
  if (std::ranges::find(kSha256, name) != kSha256.end()) return TlsDigest::sha256;
  if (std::ranges::find(kSha384, name) != kSha384.end()) return TlsDigest::sha384;
  return std::nullopt;
}

TlsHash::TlsHash(TlsDigest digest) noexcept : digest_(digest) {
  if (digest_ == TlsDigest::sha256) {
    SHA256_Init(&sha256);
  } else {
    SHA384_Init(&sha384);
  }
}

// It may have hashed a key.
TlsHash::~TlsHash() {
  base::wipe(this, sizeof *this);
}

void TlsHash::add(base::ByteView bytes) noexcept {
  if (digest_ == TlsDigest::sha256) {
    SHA256_Update(&sha256, bytes.data(), bytes.size());
  } else {
    SHA384_Update(&sha384, bytes.data(), bytes.size());
  }
}

void TlsHash::finish(std::uint8_t* out) noexcept {
  if (digest_ == TlsDigest::sha256) {
    SHA256_Final(out, &sha256);
  } else {
    SHA384_Final(out, &sha384);
  }
}

TlsHmac::TlsHmac(TlsDigest digest, base::ByteView key) noexcept : inner_(digest), outer_(digest) {
  constexpr std::uint8_t kInner = 0x36;
  constexpr std::uint8_t kOuter = 0x5c;
  std::array<std::uint8_t, blockSizeOf(TlsDigest::sha384)> block{};
  const auto size = blockSizeOf(digest);
  if (key.size() <= size) {
    std::ranges::copy(key, block.begin());
  } else {
    TlsHash hash(digest);
    hash.add(key);
    hash.finish(block.data());
  }
  for (auto& byte : block) byte ^= kInner;
  inner_.add(base::ByteView(block).first(size));
  for (auto& byte : block) byte ^= kInner ^ kOuter;
  outer_.add(base::ByteView(block).first(size));
  base::wipe(block);
}

void TlsHmac::finish(std::uint8_t* out) noexcept {
  std::array<std::uint8_t, kLargestTlsDigest> inner;
  inner_.finish(inner.data());
  outer_.add(base::ByteView(inner).first(sizeOf(inner_.digest())));
  outer_.finish(out);
  base::wipe(inner);
}

const OSSL_DISPATCH* tlsHmacFunctions() noexcept {
  static const OSSL_DISPATCH kFunctions[] = {
      {OSSL_FUNC_MAC_NEWCTX, reinterpret_cast<void (*)()>(newMac)},
      {OSSL_FUNC_MAC_DUPCTX, reinterpret_cast<void (*)()>(copyMac)},
      {OSSL_FUNC_MAC_FREECTX, reinterpret_cast<void (*)()>(freeMac)},
      {OSSL_FUNC_MAC_INIT, reinterpret_cast<void (*)()>(initMac)},
      {OSSL_FUNC_MAC_UPDATE, reinterpret_cast<void (*)()>(updateMac)},
      {OSSL_FUNC_MAC_FINAL, reinterpret_cast<void (*)()>(finishMac)},
      {OSSL_FUNC_MAC_GETTABLE_CTX_PARAMS, reinterpret_cast<void (*)()>(gettableMacParameters)},
      {OSSL_FUNC_MAC_GET_CTX_PARAMS, reinterpret_cast<void (*)()>(getMacParameters)},
      {OSSL_FUNC_MAC_SETTABLE_CTX_PARAMS, reinterpret_cast<void (*)()>(settableMacParameters)},
      {OSSL_FUNC_MAC_SET_CTX_PARAMS, reinterpret_cast<void (*)()>(setMacParameters)},
      {0, nullptr}};
  return kFunctions;
}

}  // namespace kes::http
