#pragma once

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/StreamCopier.h>
#include <Poco/ThreadPool.h>
#include <openssl/ssl.h>

#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "crypto/api_key.h"
#include "crypto/x509.h"

namespace kes::test {

// A TLS server on a free loopback port that answers what a test tells it to.
class ScriptedServer {
 public:
  struct Asked {
    std::string method;
    std::string path;
    std::string body;
    std::string identity;  // of the client's certificate, empty when there was none
  };
  struct Answer {
    int status = 200;
    std::string body = {};
    std::string contentType = "application/json";
    bool hangUp = false;  // close the connection instead of answering
  };
  using Script = std::function<Answer(const Asked&)>;

  // `names` are what its certificate is valid for: IP literals and host names.
  explicit ScriptedServer(Script script, const std::vector<std::string>& addresses = {"127.0.0.1"},
                          const std::vector<std::string>& names = {})
      : script_(std::move(script)), key_(crypto::ApiKey::generate()) {
    const auto privateKey = key_.privateKey();
    auto certificate = crypto::selfSign({.commonName = "scripted server",
                                         .dnsNames = names,
                                         .ipAddresses = addresses,
                                         .lifetime = std::chrono::hours(1),
                                         .clientAuth = false,
                                         .serverAuth = true},
                                        privateKey.get());
    if (!certificate) throw std::runtime_error(certificate.error().message);
    certificatePem_ = crypto::toPem(certificate->get());

    using Poco::Net::Context;
    Context::Ptr context(new Context(Context::TLS_SERVER_USE, "", Context::VERIFY_RELAXED));
    context->enableExtendedCertificateVerification(false);
    SSL_CTX* ssl = context->sslContext();
    SSL_CTX_use_certificate(ssl, certificate->get());
    SSL_CTX_use_PrivateKey(ssl, privateKey.get());
    SSL_CTX_set_cert_verify_callback(ssl, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);

    const Poco::Net::SecureServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 64, context);
    port_ = socket.address().port();
    server_ = std::make_unique<Poco::Net::HTTPServer>(new Factory(*this), pool_, socket,
                                                      new Poco::Net::HTTPServerParams);
    server_->start();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() { server_->stopAll(true); }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::string& certificatePem() const { return certificatePem_; }
  [[nodiscard]] std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  struct Handler : Poco::Net::HTTPRequestHandler {
    explicit Handler(ScriptedServer& owner) : server(owner) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
      server.answer(request, response);
    }
    ScriptedServer& server;
  };

  struct Factory : Poco::Net::HTTPRequestHandlerFactory {
    explicit Factory(ScriptedServer& owner) : server(owner) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
      return new Handler(server);
    }
    ScriptedServer& server;
  };

  void answer(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) {
    Poco::Net::StreamSocket& socket = static_cast<Poco::Net::HTTPServerRequestImpl&>(request).socket();
    Asked asked{request.getMethod(), request.getURI(), {}, {}};
    Poco::StreamCopier::copyToString(request.stream(), asked.body);
    Poco::Net::SecureStreamSocket secure(socket);
    if (secure.havePeerCertificate()) {
      asked.identity = crypto::identityOf(secure.peerCertificate().certificate());
    }
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(asked);
    }
    const Answer answer = script_(asked);
    if (answer.hangUp) {
      socket.shutdown();
      return;
    }
    response.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status));
    response.setContentType(answer.contentType);
    response.sendBuffer(answer.body.data(), answer.body.size());
  }

  Script script_;
  crypto::ApiKey key_;
  std::string certificatePem_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  Poco::ThreadPool pool_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

}  // namespace kes::test
