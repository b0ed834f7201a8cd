#include "base/error.h"

#include <array>

namespace kes::base {
namespace {

struct Entry {
  ErrorCode code;
  int status;
  std::string_view message;
};

constexpr std::array kCatalogue = {
    Entry{ErrorCode::notAllowed, 403, "not authorized: insufficient permissions"},
    Entry{ErrorCode::keyNotFound, 404, "key does not exist"},
    Entry{ErrorCode::keyExists, 400, "key already exists"},
    Entry{ErrorCode::policyNotFound, 404, "policy does not exist"},
    Entry{ErrorCode::identityNotFound, 404, "identity does not exist"},
    Entry{ErrorCode::decrypt, 400, "decryption failed: ciphertext is not authentic"},
    Entry{ErrorCode::noClientCertificate, 400, "tls: client certificate is required"},
    Entry{ErrorCode::tooManyClientCertificates, 400, "tls: received more than one client certificate"},
    Entry{ErrorCode::invalidClientCertificate, 400, "invalid client certificate"},
    Entry{ErrorCode::invalidName, 400, "invalid name"},
    Entry{ErrorCode::invalidQuery, 400, "invalid query"},
    Entry{ErrorCode::invalidBody, 400, "invalid request body"},
    Entry{ErrorCode::invalidImportBody, 400, "invalid import key request body"},
    Entry{ErrorCode::tooManyCiphertexts, 400, "too many ciphertexts"},
    Entry{ErrorCode::invalidChange, 400, "invalid change"},
    Entry{ErrorCode::methodNotAllowed, 405, "method not allowed"},
    Entry{ErrorCode::unsupportedAlgorithm, 406, "algorithm is not supported"},
    Entry{ErrorCode::noHmacKey, 409, "key does not support HMAC"},
    Entry{ErrorCode::tooManyRequests, 429, "too many requests"},
    Entry{ErrorCode::generateFailed, 500, "failed to generate encryption key"},
    Entry{ErrorCode::encryptFailed, 500, "failed to encrypt plaintext"},
    Entry{ErrorCode::decryptFailed, 500, "failed to decrypt ciphertext"},
    Entry{ErrorCode::internal, 500, "internal error"},
    Entry{ErrorCode::createFailed, 502, "failed to create key"},
    Entry{ErrorCode::readFailed, 502, "failed to read key"},
    Entry{ErrorCode::deleteFailed, 502, "failed to delete key"},
    Entry{ErrorCode::listFailed, 502, "failed to list keys"},
    Entry{ErrorCode::storeUnavailable, 502, "key store is unavailable"},
    Entry{ErrorCode::overloaded, 503, "server is overloaded: try again later"},
    Entry{ErrorCode::auditUnavailable, 503, "audit log is not available: try again later"},
    Entry{ErrorCode::shuttingDown, 503, "server is shutting down"},
    Entry{ErrorCode::storeUnreachable, 504, "key store is not reachable"},
    Entry{ErrorCode::outcomeUnknown, 504, "key store did not answer in time: outcome unknown"},
};

constexpr bool ordered() {
  for (std::size_t i = 0; i < kCatalogue.size(); ++i) {
    if (static_cast<std::size_t>(kCatalogue[i].code) != i) return false;
  }
  return true;
}
static_assert(ordered(), "the catalogue is indexed by ErrorCode");

const Entry& entry(ErrorCode code) noexcept {
  return kCatalogue[static_cast<std::size_t>(code)];
}

}  // namespace

int httpStatus(ErrorCode code) noexcept {
  return entry(code).status;
}

std::string_view defaultMessage(ErrorCode code) noexcept {
  return entry(code).message;
}

}  // namespace kes::base
