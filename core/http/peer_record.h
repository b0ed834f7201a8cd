#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"

namespace kes::http {

// What was found out about a client in a full handshake. Kept beside the session, since OpenSSL keeps only
// the first certificate of the chain in it.
struct PeerRecord {
  std::string identity;
  std::optional<base::ErrorCode> error;
  // Seconds since 1970 until which every certificate of the verified chain is valid; nothing where the chain
  // was not looked at.
  std::optional<std::int64_t> verifiedUntil;

  friend bool operator==(const PeerRecord&, const PeerRecord&) = default;
};

// False once a certificate of the chain has expired.
[[nodiscard]] constexpr bool isStillVerified(const PeerRecord& record, std::int64_t secondsNow) noexcept {
  return record.verifiedUntil && secondsNow <= *record.verifiedUntil;
}

}  // namespace kes::http
