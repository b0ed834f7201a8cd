#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "http/openssl_ptr.h"

namespace kes::http {

// The certificates of a PEM file, or of every file of a directory (sub-directories are skipped). A file
// without a certificate, or with a broken one, fails.
[[nodiscard]] base::Outcome<std::vector<X509Ptr>> loadTrustedCertificates(const std::string& path);

}  // namespace kes::http
