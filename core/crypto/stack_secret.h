#pragma once

#include <array>
#include <cstdint>

#include "base/secret.h"

namespace kes::crypto {

// Secret bytes that live no longer than a call: in its stack frame, wiped when it is left.
template <std::size_t Size>
class StackSecret {
 public:
  StackSecret() noexcept {}  // NOLINT(modernize-use-equals-default): the bytes are not zeroed first
  ~StackSecret() { base::wipe(bytes_); }
  StackSecret(const StackSecret&) = delete;
  StackSecret& operator=(const StackSecret&) = delete;

  [[nodiscard]] std::span<const std::uint8_t, Size> reveal() const noexcept { return bytes_; }
  [[nodiscard]] std::span<std::uint8_t, Size> revealMutable() noexcept { return bytes_; }

 private:
  std::array<std::uint8_t, Size> bytes_;
};

}  // namespace kes::crypto
