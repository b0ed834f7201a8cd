#include "client/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>

namespace kes::client {
namespace {

using Poco::Net::Context;

constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

// OpenSSL reads only files with hashed names in SSL_CERT_DIR; people put plain PEM files there.
void trustDirectories(X509_STORE* store, std::string_view list) {
  while (!list.empty()) {
    const auto colon = list.find(':');
    const std::filesystem::path directory(list.substr(0, colon));
    list.remove_prefix(colon == std::string_view::npos ? list.size() : colon + 1);

    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
      if (entry.is_regular_file(error)) X509_STORE_load_file(store, entry.path().c_str());
    }
  }
  ERR_clear_error();  // a file without certificates is no reason to stop, it just adds no trust
}

}  // namespace

TlsContext::TlsContext()
    : context_(new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_RELAXED, 9, false, kTls12Ciphers)) {
  context_->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  // POCO would look at the name after the handshake; OpenSSL does it within, for DNS names and addresses.
  context_->enableExtendedCertificateVerification(false);
  SSL_CTX* ssl = context_->sslContext();
  // Answers announce their length, so a missing close_notify cannot hide a truncation.
  SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
}

base::Outcome<std::unique_ptr<TlsContext>> TlsContext::create(const Settings& settings,
                                                              const Endpoint& endpoint) {
  std::unique_ptr<TlsContext> tls(new TlsContext);
  if (settings.insecure) {
    SSL_CTX_set_verify(tls->context_->sslContext(), SSL_VERIFY_NONE, nullptr);
  } else {
    tls->verifyServer(endpoint);
  }
  if (settings.certificate.key && !tls->offer(settings.certificate)) {
    return base::fail("the private key does not belong to the certificate");
  }
  return tls;
}

void TlsContext::verifyServer(const Endpoint& endpoint) {
  SSL_CTX* ssl = context_->sslContext();
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ssl, &TlsContext::verify, this);
  SSL_CTX_set_default_verify_paths(ssl);  // honours SSL_CERT_FILE and SSL_CERT_DIR
  if (const char* directories = secure_getenv("SSL_CERT_DIR")) {
    trustDirectories(SSL_CTX_get_cert_store(ssl), directories);
  }

  X509_VERIFY_PARAM* param = SSL_CTX_get0_param(ssl);
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_hostflags(param,
                                  X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // A host that is an address must stand among the certificate's addresses, never among its DNS names.
  if (X509_VERIFY_PARAM_set1_ip_asc(param, endpoint.host.c_str()) == 1) return;
  X509_VERIFY_PARAM_set1_host(param, endpoint.host.data(), endpoint.host.size());
}

// OpenSSL offers the certificate whatever authorities the server lists, which is what servers that pin
// identities need.
bool TlsContext::offer(const crypto::KeyPair& pair) {
  SSL_CTX* ssl = context_->sslContext();
  bool good = SSL_CTX_use_certificate(ssl, pair.certificate.get()) == 1 &&
              SSL_CTX_use_PrivateKey(ssl, pair.key.get()) == 1 && SSL_CTX_check_private_key(ssl) == 1;
  for (const auto& issuer : pair.chain) good = good && SSL_CTX_add1_chain_cert(ssl, issuer.get()) == 1;
  ERR_clear_error();
  return good;
}

int TlsContext::verify(X509_STORE_CTX* store, void* self) {
  if (X509_verify_cert(store) == 1) return 1;
  static_cast<TlsContext*>(self)->distrust_ = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  return 0;
}

}  // namespace kes::client
