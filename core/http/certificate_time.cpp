#include "http/certificate_time.h"

#include <openssl/x509.h>

#include <ctime>
#include <limits>

namespace kes::http {

std::int64_t notAfterOf(const X509* certificate) {
  const ASN1_TIME* time = X509_get0_notAfter(certificate);
  tm utc{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &utc) != 1)
    return std::numeric_limits<std::int64_t>::min() + 1;
  return timegm(&utc);
}

}  // namespace kes::http
