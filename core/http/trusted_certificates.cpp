#include "http/trusted_certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <filesystem>

namespace kes::http {
namespace {

namespace fs = std::filesystem;

// Only the end of the file may end the list: anything else is a broken certificate.
bool reachedEndOfPem() {
  const auto error = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return end;
}

base::Outcome<void> loadFile(const fs::path& path, std::vector<X509Ptr>& out) {
  ERR_clear_error();
  const BioPtr file(BIO_new_file(path.c_str(), "r"));
  if (!file)
    return base::fail("cannot read CA certificates from '" + path.string() + "': " + takeOpenSslError());

  const auto before = out.size();
  while (X509* certificate = PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)) {
    out.emplace_back(certificate);
  }
  if (!reachedEndOfPem())
    return base::fail("'" + path.string() + "' holds a CA certificate that is not well-formed");
  if (out.size() == before)
    return base::fail("'" + path.string() + "' holds no CA certificate in PEM format");
  return {};
}

}  // namespace

base::Outcome<std::vector<X509Ptr>> loadTrustedCertificates(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) return base::fail("there is no CA file or directory '" + path + "'");

  std::vector<fs::path> files;
  if (fs::is_directory(status)) {
    for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      std::error_code ignored;
      if (!it->is_directory(ignored)) files.push_back(it->path());
    }
    if (error) return base::fail("cannot read CA directory '" + path + "': " + error.message());
    std::ranges::sort(files);
  } else {
    files.emplace_back(path);
  }

  std::vector<X509Ptr> certificates;
  for (const auto& file : files) {
    if (auto loaded = loadFile(file, certificates); !loaded) return std::unexpected(loaded.error());
  }
  return certificates;
}

}  // namespace kes::http
