#include "api/forwarded_certificate.h"

#include <arpa/inet.h>

#include <array>
#include <optional>

#include "base/encoding.h"
#include "crypto/pem.h"

namespace kes::api {
namespace {

using base::ErrorCode;

// Certificates take 1 to 3 KiB, three times as much where every byte is escaped.
constexpr std::size_t kLargestHeader = 16 * 1024;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// As a query: `+` is a space. Nothing for a bad escape.
std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto byte = base::decodeHex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    plain += static_cast<char>(byte->front());
    i += 2;
  }
  return plain;
}

base::Result<base::Bytes> fromPem(std::string_view header) {
  const auto text = unescaped(header);
  if (!text) return std::unexpected(ErrorCode::invalidClientCertificate);
  const auto blocks = crypto::parsePem(*text);
  if (!blocks) return std::unexpected(ErrorCode::invalidClientCertificate);
  if (blocks->size() > 1) return std::unexpected(ErrorCode::tooManyClientCertificates);
  const auto& block = blocks->front();
  if (block.type != "CERTIFICATE" || block.isEncrypted() || block.data.size() == 0)
    return std::unexpected(ErrorCode::invalidClientCertificate);
  const auto der = block.data.reveal();
  return base::Bytes(der.begin(), der.end());
}

base::Result<base::Bytes> fromBase64(std::string_view text) {
  auto der = base::decodeBase64(text);
  if (!der || der->empty()) return std::unexpected(ErrorCode::invalidClientCertificate);
  return std::move(*der);
}

// Without the port: "192.0.2.1:80", "[2001:db8::1]:80". More than one colon is an IPv6 address.
std::string_view withoutPort(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  const auto colon = host.find(':');
  return colon == host.rfind(':') ? host.substr(0, colon) : host;
}

}  // namespace

base::Result<base::Bytes> forwardedCertificate(std::string_view header) {
  header = trimmed(header);
  if (header.empty()) return std::unexpected(ErrorCode::noClientCertificate);
  // None of the forms has a comma: it separates the values that a client or another proxy has added.
  if (header.find(',') != header.npos) return std::unexpected(ErrorCode::tooManyClientCertificates);
  if (header.size() > kLargestHeader) return std::unexpected(ErrorCode::invalidClientCertificate);
  if (header.starts_with('-') || header.starts_with('%')) return fromPem(header);
  if (!header.starts_with(':')) return fromBase64(header);
  if (header.size() < 2 || !header.ends_with(':'))
    return std::unexpected(ErrorCode::invalidClientCertificate);
  return fromBase64(header.substr(1, header.size() - 2));
}

std::string forwardedAddress(std::string_view header) {
  const std::string host(withoutPort(trimmed(header.substr(0, header.find(',')))));
  std::array<std::uint8_t, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, host.c_str(), address.data()) == 1)
      return ::inet_ntop(family, address.data(), text.data(), text.size());
  }
  return {};
}

}  // namespace kes::api
