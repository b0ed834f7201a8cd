#include "http/tls_key_schedule.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "http/tls_hmac.h"

namespace kes::http {
namespace {

// One step as OpenSSL asks for it.
struct Step {
  int mode = -1;
  std::optional<TlsDigest> digest;
  base::ByteView key;
  base::ByteView salt;
  base::ByteView prefix;  // "tls13 "
  base::ByteView label;
  base::ByteView data;
};

std::optional<Step> readStep(const OSSL_PARAM* parameters) {
  Step step;
  for (const auto* parameter = parameters; parameter->key != nullptr; ++parameter) {
    const std::string_view name = parameter->key;
    const base::ByteView value{static_cast<const std::uint8_t*>(parameter->data), parameter->data_size};
    if (name == OSSL_KDF_PARAM_MODE && OSSL_PARAM_get_int(parameter, &step.mode) != 1) return std::nullopt;
    if (name == OSSL_KDF_PARAM_DIGEST) step.digest = tlsDigestNamed(base::textOf(value));
    if (name == OSSL_KDF_PARAM_KEY) step.key = value;
    if (name == OSSL_KDF_PARAM_SALT) step.salt = value;
    if (name == OSSL_KDF_PARAM_PREFIX) step.prefix = value;
    if (name == OSSL_KDF_PARAM_LABEL) step.label = value;
    if (name == OSSL_KDF_PARAM_DATA) step.data = value;
  }
  if (!step.digest) return std::nullopt;
  return step;
}

// The bytes of an HkdfLabel, RFC 8446 §7.1.
class HkdfLabel {
 public:
  // False where the label or the context is longer than TLS has them.
  [[nodiscard]] bool write(std::size_t length, const Step& step, base::ByteView context) {
    const auto labelSize = step.prefix.size() + step.label.size();
    if (length > 0xffff || labelSize > kLargestLabel || context.size() > kLargestTlsDigest) return false;
    put(length >> 8U);
    put(length);
    put(labelSize);
    put(step.prefix);
    put(step.label);
    put(context.size());
    put(context);
    return true;
  }
  [[nodiscard]] base::ByteView view() const { return base::ByteView(bytes_).first(size_); }

 private:
  static constexpr std::size_t kLargestLabel = 255;

  void put(std::size_t byte) { bytes_[size_++] = static_cast<std::uint8_t>(byte); }
  void put(base::ByteView bytes) {
    std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += bytes.size();
  }

  std::array<std::uint8_t, 2 + 1 + kLargestLabel + 1 + kLargestTlsDigest> bytes_;
  std::size_t size_ = 0;
};

using Block = std::array<std::uint8_t, kLargestTlsDigest>;

// HKDF-Expand (RFC 5869 §2.3).
bool expand(TlsDigest digest, base::ByteView secret, base::ByteView info, base::ByteSpan out) {
  const auto size = sizeOf(digest);
  if (out.size() > 255 * size) return false;
  Block block;
  std::size_t before = 0;  // bytes of the block before
  for (std::uint8_t number = 1; !out.empty(); ++number) {
    TlsHmac hmac(digest, secret);
    hmac.add(base::ByteView(block).first(before));
    hmac.add(info);
    hmac.add({&number, 1});
    hmac.finish(block.data());
    before = size;
    const auto some = std::min(size, out.size());
    std::copy_n(block.begin(), some, out.begin());
    out = out.subspan(some);
  }
  base::wipe(block);
  return true;
}

bool expandLabel(const Step& step, base::ByteView secret, base::ByteView context, base::ByteSpan out) {
  HkdfLabel label;
  return label.write(out.size(), step, context) && expand(*step.digest, secret, label.view(), out);
}

// From one secret of the schedule to the next: what is derived from the one before is the salt under which
// the new key comes in. Where there is no secret before, or no key, there are zeros.
bool extract(const Step& step, base::ByteSpan out) {
  static constexpr Block kZeros{};
  const auto size = sizeOf(*step.digest);
  if (out.size() != size) return false;
  Block derived{};
  auto salt = base::ByteSpan(derived).first(size);
  if (!step.salt.empty()) {
    Block ofNothing;
    TlsHash(*step.digest).finish(ofNothing.data());
    if (!expandLabel(step, step.salt, base::ByteView(ofNothing).first(size), salt)) return false;
  }
  TlsHmac hmac(*step.digest, salt);
  hmac.add(step.key.empty() ? base::ByteView(kZeros).first(size) : step.key);
  hmac.finish(out.data());
  base::wipe(derived);
  return true;
}

int derive(void*, unsigned char* out, std::size_t size, const OSSL_PARAM* parameters) {
  const auto step = readStep(parameters);
  if (!step) return 0;
  if (step->mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY) return extract(*step, {out, size}) ? 1 : 0;
  if (step->mode != EVP_KDF_HKDF_MODE_EXPAND_ONLY || step->key.empty()) return 0;
  return expandLabel(*step, step->key, step->data, {out, size}) ? 1 : 0;
}

// OpenSSL says everything with each step, so that there is nothing to keep in between.
void* newContext(void*) {
  static char nothing;
  return &nothing;
}

void freeContext(void*) {}

}  // namespace

const OSSL_DISPATCH* tlsKeyScheduleFunctions() noexcept {
  static const OSSL_DISPATCH kFunctions[] = {
      {OSSL_FUNC_KDF_NEWCTX, reinterpret_cast<void (*)()>(newContext)},
      {OSSL_FUNC_KDF_FREECTX, reinterpret_cast<void (*)()>(freeContext)},
      {OSSL_FUNC_KDF_DERIVE, reinterpret_cast<void (*)()>(derive)},
      {0, nullptr}};
  return kFunctions;
}

}  // namespace kes::http
