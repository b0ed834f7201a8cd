#include "http/peer_record.h"

#include <limits>

namespace kes::http {
namespace {

// version (1) | error + 1, 0 = none (1) | verifiedUntil, big-endian, least value = none (8) | identity
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kFixedSize = 10;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

}  // namespace

base::Bytes encodePeerRecord(const PeerRecord& record) {
  base::Bytes bytes;
  bytes.reserve(kFixedSize + record.identity.size());
  bytes.push_back(kVersion);
  bytes.push_back(record.error ? static_cast<std::uint8_t>(static_cast<int>(*record.error) + 1) : 0);
  const auto until = static_cast<std::uint64_t>(record.verifiedUntil.value_or(kNever));
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(until >> shift));
  bytes.insert(bytes.end(), record.identity.begin(), record.identity.end());
  return bytes;
}

std::optional<PeerRecord> decodePeerRecord(base::ByteView bytes) {
  if (bytes.size() < kFixedSize || bytes[0] != kVersion) return std::nullopt;
  PeerRecord record;
  switch (static_cast<base::ErrorCode>(bytes[1] - 1)) {
    case base::ErrorCode::noClientCertificate:
    case base::ErrorCode::tooManyClientCertificates:
      record.error = static_cast<base::ErrorCode>(bytes[1] - 1);
      break;
    default:
      if (bytes[1] != 0) return std::nullopt;
  }
  std::uint64_t until = 0;
  for (std::size_t i = 2; i < kFixedSize; ++i) until = until << 8 | bytes[i];
  if (static_cast<std::int64_t>(until) != kNever) record.verifiedUntil = static_cast<std::int64_t>(until);
  record.identity = base::textOf(bytes.subspan(kFixedSize));
  if (record.identity.empty() == !record.error.has_value()) return std::nullopt;
  return record;
}

}  // namespace kes::http
