#include <utility>

#include "crypto/aead.h"
#include "crypto/ciphertext.h"
#include "crypto/hchacha20.h"
#include "crypto/hmac_sha256.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "crypto/require.h"
#include "crypto/stack_secret.h"

namespace kes::crypto {
namespace {

class SoftwareKey final : public Key {
 public:
  explicit SoftwareKey(StoredKey stored)
      : algorithm_(stored.algorithm),
        algorithmRecorded_(stored.algorithmRecorded),
        createdAt_(stored.createdAt),
        createdBy_(std::move(stored.createdBy)),
        key_(std::move(stored.key)),
        deriveAesKey_(key_.reveal()) {
    require(key_.size() == kKeySize, "key of the wrong size");
    if (stored.hmacKey) hmac_.emplace(stored.hmacKey->reveal());
  }

  [[nodiscard]] Algorithm algorithm() const noexcept override { return algorithm_; }
  [[nodiscard]] base::Timestamp createdAt() const noexcept override { return createdAt_; }
  [[nodiscard]] const std::string& createdBy() const noexcept override { return createdBy_; }
  [[nodiscard]] bool hasHmac() const noexcept override { return hmac_.has_value(); }

  [[nodiscard]] bool seal(base::ByteView plaintext, base::ByteView associatedData,
                          base::ByteSpan ciphertext) const noexcept override {
    if (ciphertext.size() != plaintext.size() + kCiphertextOverhead) return false;
    const base::ByteSpan sealed = ciphertext.first(plaintext.size() + kTagSize);
    const auto tail = ciphertext.last<kIvSize + kNonceSize>();
    randomBytes(tail);
    StackSecret<kKeySize> subKey;
    deriveSubKey(algorithm_, tail.first<kIvSize>(), subKey);
    return aeadSeal(algorithm_, subKey.reveal(), tail.last<kNonceSize>(), plaintext, associatedData, sealed);
  }

  [[nodiscard]] std::optional<std::size_t> open(base::ByteView ciphertext, base::ByteView associatedData,
                                                base::ByteSpan plaintext) const noexcept override {
    if (plaintext.size() < ciphertext.size()) return {};
    const auto parsed = parseCiphertext(ciphertext, plaintext);
    if (!parsed) return {};
    // Servers without AES instructions sealed with ChaCha20 under keys that do not say so.
    const Algorithm algorithm = algorithmRecorded_ ? algorithm_ : parsed->marker.value_or(algorithm_);
    StackSecret<kKeySize> subKey;
    deriveSubKey(algorithm, parsed->iv, subKey);
    if (!aeadOpen(algorithm, subKey.reveal(), parsed->nonce, parsed->sealed, associatedData, plaintext)) {
      return {};
    }
    return parsed->sealed.size() - kTagSize;
  }

  [[nodiscard]] bool hmac(base::ByteView message,
                          std::span<std::uint8_t, kHmacSize> out) const noexcept override {
    if (!hmac_) return false;
    hmac_->compute(message, out);
    return true;
  }

 private:
  void deriveSubKey(Algorithm algorithm, std::span<const std::uint8_t, kIvSize> iv,
                    StackSecret<kKeySize>& subKey) const noexcept {
    if (algorithm == Algorithm::aes256) return deriveAesKey_.compute(iv, subKey.revealMutable());
    hchacha20(key_.reveal().first<kKeySize>(), iv, subKey.revealMutable());
  }

  Algorithm algorithm_;
  bool algorithmRecorded_;
  base::Timestamp createdAt_;
  std::string createdBy_;
  base::Secret key_;
  HmacSha256 deriveAesKey_;
  std::optional<HmacSha256> hmac_;
};

}  // namespace

std::shared_ptr<const Key> makeSoftwareKey(StoredKey stored) {
  return std::make_shared<const SoftwareKey>(std::move(stored));
}

}  // namespace kes::crypto
