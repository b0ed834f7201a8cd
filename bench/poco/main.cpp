// kes_poco: `generate` served by Poco::Net::HTTPServer and Poco::JSON, the way their documentation shows. The
// cryptography is the server's own, so that what differs is the frame around it.

#include <Poco/Base64Decoder.h>
#include <Poco/Base64Encoder.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/ThreadPool.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "crypto/key.h"
#include "crypto/random.h"

namespace kes::poco {
namespace {

constexpr int kMostConnections = 128;  // each takes a thread

std::string base64(const std::uint8_t* data, std::size_t size) {
  std::ostringstream text;
  Poco::Base64Encoder encoder(text);
  encoder.rdbuf()->setLineLength(0);
  encoder.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  encoder.close();
  return text.str();
}

std::string fromBase64(const std::string& text) {
  std::istringstream input(text);
  Poco::Base64Decoder decoder(input);
  return {std::istreambuf_iterator<char>(decoder), {}};
}

class Generate final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit Generate(const crypto::Key& key) : key_(key) {}

  void handleRequest(Poco::Net::HTTPServerRequest& request,
                     Poco::Net::HTTPServerResponse& response) override {
    Poco::JSON::Parser parser;
    const auto body = parser.parse(request.stream()).extract<Poco::JSON::Object::Ptr>();
    const std::string context = fromBase64(body->optValue<std::string>("context", ""));

    std::array<std::uint8_t, crypto::kKeySize> plaintext;
    crypto::randomBytes(plaintext);
    std::array<std::uint8_t, crypto::kKeySize + crypto::kCiphertextOverhead> ciphertext;
    const base::ByteView associated(reinterpret_cast<const std::uint8_t*>(context.data()), context.size());
    if (!key_.seal(plaintext, associated, ciphertext)) {
      response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_INTERNAL_SERVER_ERROR);
      response.send();
      return;
    }

    Poco::JSON::Object answer;
    answer.set("plaintext", base64(plaintext.data(), plaintext.size()));
    answer.set("ciphertext", base64(ciphertext.data(), ciphertext.size()));
    std::ostringstream text;
    answer.stringify(text);
    const std::string sent = text.str();
    response.setContentType("application/json");
    response.sendBuffer(sent.data(), sent.size());
  }

 private:
  const crypto::Key& key_;
};

class Factory final : public Poco::Net::HTTPRequestHandlerFactory {
 public:
  Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
    return new Generate(*key_);
  }

 private:
  std::shared_ptr<const crypto::Key> key_ = crypto::makeSoftwareKey(crypto::generateKey(""));
};

Poco::Net::Context::Ptr makeContext(const std::string& certificate, const std::string& key) {
  Poco::Net::Context::Params files;
  files.certificateFile = certificate;
  files.privateKeyFile = key;
  // RELAXED asks for a certificate; that any will do is said to OpenSSL.
  files.verificationMode = Poco::Net::Context::VERIFY_RELAXED;
  Poco::Net::Context::Ptr context(new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, files));
  context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_3);
  context->enableExtendedCertificateVerification(false);
  SSL_CTX* const raw = context->sslContext();
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>("poco"), 4);
  std::array groups = {NID_X25519, NID_X9_62_prime256v1};
  SSL_CTX_set1_groups(raw, groups.data(), groups.size());
  return context;
}

void serve(std::uint16_t port, const std::string& certificate, const std::string& key) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Poco::Net::SecureServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", port), 4096,
                                       makeContext(certificate, key));
  Poco::ThreadPool threads(2, kMostConnections);
  auto* const parameters = new Poco::Net::HTTPServerParams;
  parameters->setMaxThreads(kMostConnections);
  parameters->setMaxQueued(4096);
  parameters->setMaxKeepAliveRequests(0);
  parameters->setKeepAlive(true);
  Poco::Net::HTTPServer server(new Factory, threads, socket, parameters);
  server.start();
  int signal = 0;
  sigwait(&signals, &signal);
  server.stopAll(true);
}

}  // namespace
}  // namespace kes::poco

int main(int argc, char** argv) {
  std::string certificate;
  std::string key;
  std::uint16_t port = 0;
  CLI::App app("Serves `generate` by Poco::Net::HTTPServer, whatever the path.");
  app.add_option("--port", port, "Port on 127.0.0.1")->required();
  app.add_option("--cert", certificate, "Server certificate (PEM)")->required();
  app.add_option("--key", key, "Server private key (PEM)")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    Poco::Net::initializeSSL();
    kes::poco::serve(port, certificate, key);
    Poco::Net::uninitializeSSL();
  } catch (const Poco::Exception& error) {
    fmt::print(stderr, "Error: {}\n", error.displayText());
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "Error: {}\n", error.what());
    return 1;
  }
}
