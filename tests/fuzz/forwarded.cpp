// What TLS proxies say of their clients (api/forwarded_certificate.h): the text is tried as each header.
#include "api/forwarded_certificate.h"

#include <string>

#include "base/encoding.h"
#include "crypto/x509.h"
#include "fuzz.h"

namespace kes::fuzz {
namespace {

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    ((out += '%') += kDigits[byte >> 4U]) += kDigits[byte & 15U];
  }
  return out;
}

void certificate(std::string_view header) {
  const auto der = api::forwardedCertificate(header);
  if (!der) {
    const auto code = der.error().code();
    require(code == base::ErrorCode::noClientCertificate ||
                code == base::ErrorCode::tooManyClientCertificates ||
                code == base::ErrorCode::invalidClientCertificate,
            "a refusal is the client's or the proxy's fault");
    return;
  }
  require(header.find(',') == header.npos, "a list is refused");
  const std::string text = base::encodeBase64(*der);
  require(text.size() <= header.size(), "nothing is read that is not there");
  const std::string pem = "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n";
  const std::string forms[] = {text, ":" + text + ":", " " + text + "\t", escaped(pem)};
  for (const auto& form : forms) {
    const auto again = api::forwardedCertificate(form);
    // All but the last are no longer than a header may be if the first was.
    require(again ? *again == *der : form.size() > 16 * 1024, "every form gives the same");
  }
  if (const auto decoded = crypto::decodeCertificate(*der))
    require(crypto::identityOf(decoded.get()).size() == 64, "a certificate has an identity");
}

void address(std::string_view header) {
  const std::string first = api::forwardedAddress(header);
  if (first.empty()) return;
  require(first.find_first_not_of("0123456789abcdef:.") == first.npos, "an address is a literal");
  require(api::forwardedAddress(first) == first, "and stays one");
  require(api::forwardedAddress(first + ", 192.0.2.1") == first, "the first counts");
}

}  // namespace
}  // namespace kes::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kes::fuzz::certificate(kes::base::textOf({data, size}));
  kes::fuzz::address(kes::base::textOf({data, size}));
  return 0;
}
