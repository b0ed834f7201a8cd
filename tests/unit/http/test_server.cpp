#include "unit/http/test_server.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "http/client_trust.h"

namespace kes::http::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);

class TestVerifier final : public PeerVerifier {
 public:
  TestVerifier(std::shared_ptr<Journal> journal, std::vector<std::string> known)
      : journal_(std::move(journal)), known_(std::move(known)) {}

  base::Result<std::string> identify(std::span<X509* const> chain) const override {
    std::vector<std::string> identities;
    for (auto* certificate : chain) identities.push_back(identityOf(certificate));
    journal_->addChain(identities);
    if ((X509_get_extension_flags(chain[0]) & EXFLAG_CA) != 0) {
      return std::unexpected(base::ErrorCode::noClientCertificate);
    }
    for (auto* certificate : chain.subspan(1)) {
      if ((X509_get_extension_flags(certificate) & EXFLAG_CA) == 0) {
        return std::unexpected(base::ErrorCode::tooManyClientCertificates);
      }
    }
    return identities[0];
  }
  bool isKnown(std::string_view identity) const override {
    return std::ranges::find(known_, identity) != known_.end();
  }
  std::string explain(int) const override { return "do better"; }

 private:
  std::shared_ptr<Journal> journal_;
  std::vector<std::string> known_;
};

class TestHandler final : public Handler {
 public:
  explicit TestHandler(std::shared_ptr<Journal> journal) : journal_(std::move(journal)) {}

  void onRequest(Exchange& exchange) override {
    const auto target = exchange.target();
    journal_->addEvent("request " + std::string(target));
    if (target == "/hello") return exchange.respond(200, "text/plain", "hello\n");
    if (target == "/echo") return exchange.readBody(1'000'000);
    if (target == "/short") return exchange.readBody(4);
    if (target == "/ignore") return exchange.respond(403, "text/plain", "ignored");
    if (target == "/identity") return respondIdentity(exchange);
    if (target == "/header") return respondHeader(exchange);
    if (target == "/throw") throw std::runtime_error("the handler threw");
    if (target == "/nothing") return;
    if (target == "/defer") {
      return journal_->addDeferred(exchange.defer(base::SteadyClock::now() + std::chrono::minutes(1)));
    }
    if (target == "/stream") return journal_->addDeferred(exchange.stream(200, "text/plain"));
    if (target == "/late") return static_cast<void>(exchange.defer(base::SteadyClock::now()));
    if (target == "/pool") return answerFromThread(exchange);
    if (target.starts_with("/big/")) return respondBig(exchange, target.substr(5));
    if (target == "/extra") {
      const Exchange::Header extra[] = {{"x-one", "1"}, {"location", "/a?b"}, {"x-split", "a\r\nx-evil: 1"}};
      return exchange.respond(307, "text/html", "moved", extra);
    }
    exchange.respond(404, "text/plain", "404 page not found\n");
  }

  void onBody(Exchange& exchange) override {
    const Exchange::Header truncated{"x-truncated", exchange.bodyTruncated() ? "yes" : "no"};
    exchange.respond(200, "application/octet-stream", base::textOf(exchange.body()), {&truncated, 1});
  }

  void onDeadline(Exchange& exchange) override {
    journal_->addEvent("deadline");
    exchange.respond(504, "text/plain", "too late");
  }

  void onAbandoned(Exchange& exchange) override {
    journal_->addEvent("abandoned " + std::string(exchange.target()));
  }

 private:
  static void respondIdentity(Exchange& exchange) {
    const auto& peer = exchange.peer();
    if (!peer.error) return exchange.respond(200, "text/plain", peer.identity);
    exchange.respond(400, "text/plain",
                     *peer.error == base::ErrorCode::noClientCertificate ? "no certificate" : "too many");
  }

  static void respondHeader(Exchange& exchange) {
    const auto text = std::string(exchange.header("X-Test")) + " " +
                      std::to_string(exchange.headerCount("x-test")) + " " + std::string(exchange.method()) +
                      " " + std::string(exchange.header("host"));
    exchange.respond(200, "text/plain", text);
  }

  static void respondBig(Exchange& exchange, std::string_view size) {
    std::size_t bytes = 0;
    std::from_chars(size.data(), size.data() + size.size(), bytes);
    exchange.respond(200, "application/octet-stream", std::string(bytes, 'b'));
  }

  static void answerFromThread(Exchange& exchange) {
    auto deferred = exchange.defer(base::SteadyClock::now() + std::chrono::minutes(1));
    std::thread([deferred = std::move(deferred)]() mutable {
      deferred.post([](Exchange* open) {
        if (open != nullptr) open->respond(200, "text/plain", "from a thread");
      });
    }).detach();
  }

  std::shared_ptr<Journal> journal_;
};

}  // namespace

void Journal::dropDeferred() {
  std::vector<Deferred> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(deferred_);
}

void Journal::addDeferred(Deferred deferred) {
  const std::lock_guard lock(mutex_);
  deferred_.push_back(std::move(deferred));
  changed_.notify_all();
}

Deferred Journal::takeDeferred() {
  std::unique_lock lock(mutex_);
  if (!waitFor([this] { return !deferred_.empty(); }, lock)) throw std::runtime_error("nothing was deferred");
  auto taken = std::move(deferred_.front());
  deferred_.erase(deferred_.begin());
  return taken;
}

void Journal::addError(std::string_view what) {
  const std::lock_guard lock(mutex_);
  errors_.emplace_back(what);
  changed_.notify_all();
}

bool Journal::sawError(std::string_view part) {
  std::unique_lock lock(mutex_);
  return waitFor(
      [&] {
        return std::ranges::any_of(errors_, [&](const auto& e) { return e.find(part) != std::string::npos; });
      },
      lock);
}

void Journal::addEvent(std::string event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  changed_.notify_all();
}

bool Journal::sawEvent(const std::string& event) {
  std::unique_lock lock(mutex_);
  return waitFor([&] { return std::ranges::count(events_, event) > 0; }, lock);
}

int Journal::count(const std::string& event) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count(events_, event));
}

void Journal::addChain(std::vector<std::string> identities) {
  const std::lock_guard lock(mutex_);
  chains_.push_back(std::move(identities));
}

std::vector<std::vector<std::string>> Journal::chains() {
  const std::lock_guard lock(mutex_);
  return chains_;
}

bool Journal::waitFor(const std::function<bool()>& condition, std::unique_lock<std::mutex>& lock) {
  return changed_.wait_for(lock, kPatience, condition);
}

std::shared_ptr<const ClientTrust> trustOf(const TestServerOptions& options) {
  if (options.clientChain == ClientChain::unchecked) return nullptr;
  auto trust = ClientTrust::load(options.ca);
  if (!trust) throw std::runtime_error(trust.error().message);
  return *trust;
}

TlsSettings tlsSettingsOf(const TestServerOptions& options) {
  const auto& credential = options.credential != nullptr ? *options.credential : serverCredential();
  return {.key = credential.key.get(),
          .certificate = credential.certificate.get(),
          .chain = {},
          .requireClientCertificate = options.requireClientCertificate,
          .clientChain = options.clientChain,
          .trust = trustOf(options)};
}

std::shared_ptr<const PeerVerifier> makeVerifier(std::shared_ptr<Journal> journal,
                                                 std::vector<std::string> known) {
  return std::make_shared<TestVerifier>(std::move(journal), std::move(known));
}

HandlerFactory handlersFor(std::shared_ptr<Journal> journal) {
  return [journal = std::move(journal)](std::size_t) { return std::make_unique<TestHandler>(journal); };
}

TestServer::TestServer(TestServerOptions options) : journal_(std::make_shared<Journal>()) {
  options.settings.onConnectionError = [journal = journal_](std::string_view, std::string_view what) {
    journal->addError(what);
  };
  auto started = Server::start(options.settings, tlsSettingsOf(options),
                               makeVerifier(journal_, options.known), handlersFor(journal_));
  if (!started) throw std::runtime_error(started.error().message);
  server_ = std::move(*started);
}

TestServer::~TestServer() {
  server_.reset();
  // What was deferred keeps its event loop alive, and that the verifier with this journal.
  journal_->dropDeferred();
}

base::Outcome<void> TestServer::updateTls(const TestServerOptions& options) {
  return server_->updateTls(tlsSettingsOf(options), makeVerifier(journal_, options.known));
}

TempDir::TempDir() : path_((std::filesystem::temp_directory_path() / "kes-http-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a directory");
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(const std::string& name, const std::string& text) const {
  const auto file = path_ + "/" + name;
  std::ofstream(file) << text;
  return file;
}

}  // namespace kes::http::test
