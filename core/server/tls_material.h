#pragma once

#include <memory>

#include "base/error.h"
#include "config/config.h"
#include "crypto/x509.h"
#include "http/client_trust.h"
#include "server/file_watch.h"

namespace kes::server {

// What the files hold that the section `tls:` names.
struct TlsMaterial {
  crypto::KeyPair pair;
  std::shared_ptr<const http::ClientTrust> trust;  // null where nothing is verified
  FileWatch files;                                 // tells when they are no longer what was read
};

// Reads them. A failure begins with the place in the configuration that names the file.
[[nodiscard]] base::Outcome<TlsMaterial> readTlsMaterial(const config::Tls& tls);

}  // namespace kes::server
