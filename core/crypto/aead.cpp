#include "crypto/aead.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>
#include <limits>
#include <memory>
#include <utility>

#include "base/secret.h"

namespace kes::crypto {
namespace {

constexpr int kDecrypt = 0;
constexpr int kEncrypt = 1;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Fetched once per process: what EVP_aes_256_gcm() would look up again on every use costs more than the
// encryption, under a lock that all threads share. Never freed, since threads may outlive static objects.
const EVP_CIPHER* cipherOf(Algorithm algorithm) noexcept {
  static const EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  static const EVP_CIPHER* const chacha = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  return algorithm == Algorithm::aes256 ? aes : chacha;
}

Context newContext(Algorithm algorithm) noexcept {
  const EVP_CIPHER* const cipher = cipherOf(algorithm);
  Context context(EVP_CIPHER_CTX_new());
  if (cipher == nullptr || !context) return {};
  if (EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, kEncrypt, nullptr) != 1) return {};
  return context;
}

// Contexts are kept per thread: making one costs an allocation and three of its own.
class ThreadContext {
 public:
  explicit ThreadContext(Algorithm algorithm) noexcept : context_(newContext(algorithm)) {}

  // Null on failure.
  [[nodiscard]] EVP_CIPHER_CTX* begin(SubKey key, Nonce nonce, int direction) noexcept {
    if (!context_) return nullptr;
    keyed_ = true;
    const int begun =
        EVP_CipherInit_ex2(context_.get(), nullptr, key.data(), nonce.data(), direction, nullptr);
    return begun == 1 ? context_.get() : nullptr;
  }
  void forgetKey() noexcept {
    static constexpr std::array<std::uint8_t, kKeySize> kNoKey{};
    if (std::exchange(keyed_, false)) {
      EVP_CipherInit_ex2(context_.get(), nullptr, kNoKey.data(), nullptr, -1, nullptr);
    }
  }

 private:
  Context context_;
  bool keyed_ = false;
};

struct ThreadContexts {
  ThreadContext aes{Algorithm::aes256};
  ThreadContext chacha{Algorithm::chacha20};
};

ThreadContexts& threadContexts() noexcept {
  thread_local ThreadContexts contexts;
  return contexts;
}

ThreadContext& threadContext(Algorithm algorithm) noexcept {
  auto& contexts = threadContexts();
  return algorithm == Algorithm::aes256 ? contexts.aes : contexts.chacha;
}

// A context keyed for one message.
class Operation {
 public:
  Operation(Algorithm algorithm, SubKey key, Nonce nonce, int direction) noexcept
      : context_(threadContext(algorithm).begin(key, nonce, direction)), good_(context_ != nullptr) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() {
    // A stale entry would be blamed on the next TLS connection of this thread.
    if (!good_) ERR_clear_error();
  }

  void authenticate(base::ByteView data) noexcept { update(nullptr, data); }
  void process(base::ByteView in, std::uint8_t* out) noexcept { update(out, in); }
  void setTag(base::ByteView tag) noexcept {
    // OpenSSL copies the tag; the argument is not const for the sake of other controls.
    control(EVP_CTRL_AEAD_SET_TAG, const_cast<std::uint8_t*>(tag.data()));
  }
  void getTag(base::ByteSpan tag) noexcept { control(EVP_CTRL_AEAD_GET_TAG, tag.data()); }
  void finish() noexcept {
    std::array<std::uint8_t, EVP_MAX_BLOCK_LENGTH> nothing;
    int size = 0;
    good_ = good_ && EVP_CipherFinal_ex(context_, nothing.data(), &size) == 1;
  }
  [[nodiscard]] bool good() const noexcept { return good_; }

 private:
  void update(std::uint8_t* out, base::ByteView in) noexcept {
    if (in.empty()) return;
    int size = 0;
    good_ = good_ && in.size() <= std::numeric_limits<int>::max() &&
            EVP_CipherUpdate(context_, out, &size, in.data(), static_cast<int>(in.size())) == 1;
  }
  void control(int command, std::uint8_t* tag) noexcept {
    good_ = good_ && EVP_CIPHER_CTX_ctrl(context_, command, kTagSize, tag) == 1;
  }

  EVP_CIPHER_CTX* context_;
  bool good_;
};

}  // namespace

bool aeadSeal(Algorithm algorithm, SubKey key, Nonce nonce, base::ByteView plaintext,
              base::ByteView associatedData, base::ByteSpan sealed) noexcept {
  if (sealed.size() != plaintext.size() + kTagSize) return false;
  Operation operation(algorithm, key, nonce, kEncrypt);
  operation.authenticate(associatedData);
  operation.process(plaintext, sealed.data());
  operation.finish();
  operation.getTag(sealed.last(kTagSize));
  return operation.good();
}

bool aeadOpen(Algorithm algorithm, SubKey key, Nonce nonce, base::ByteView sealed,
              base::ByteView associatedData, base::ByteSpan plaintext) noexcept {
  if (sealed.size() < kTagSize || plaintext.size() < sealed.size() - kTagSize) return false;
  const std::size_t size = sealed.size() - kTagSize;
  Operation operation(algorithm, key, nonce, kDecrypt);
  operation.setTag(sealed.last(kTagSize));
  operation.authenticate(associatedData);
  operation.process(sealed.first(size), plaintext.data());
  operation.finish();
  if (!operation.good()) base::wipe(plaintext.first(size));
  return operation.good();
}

void forgetMessageKeys() noexcept {
  threadContexts().aes.forgetKey();
  threadContexts().chacha.forgetKey();
}

}  // namespace kes::crypto
