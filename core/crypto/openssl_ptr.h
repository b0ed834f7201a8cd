#pragma once

#include <openssl/crypto.h>

#include <cstdint>
#include <memory>

namespace kes::crypto {

template <auto Free>
struct OpenSslDeleter {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

// Owns an object of OpenSSL's that `Free` releases.
template <typename T, auto Free>
using OpenSslPtr = std::unique_ptr<T, OpenSslDeleter<Free>>;

struct OpenSslMemoryDeleter {
  void operator()(std::uint8_t* memory) const noexcept { OPENSSL_free(memory); }
};
using OpenSslMemory = std::unique_ptr<std::uint8_t, OpenSslMemoryDeleter>;

}  // namespace kes::crypto
