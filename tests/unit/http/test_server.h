#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/server.h"
#include "unit/http/test_certificates.h"

namespace kes::http::test {

// What the handlers of a test server saw and left behind. Thread-safe.
class Journal {
 public:
  void addDeferred(Deferred deferred);
  // Waits for the next exchange that was deferred.
  [[nodiscard]] Deferred takeDeferred();
  void dropDeferred();
  void addError(std::string_view what);
  // Waits for a connection error that contains `part`.
  [[nodiscard]] bool sawError(std::string_view part);
  void addEvent(std::string event);
  // Waits for it.
  [[nodiscard]] bool sawEvent(const std::string& event);
  [[nodiscard]] int count(const std::string& event);
  // The chains `identify` was asked about, as lists of identities.
  void addChain(std::vector<std::string> identities);
  [[nodiscard]] std::vector<std::vector<std::string>> chains();

 private:
  [[nodiscard]] bool waitFor(const std::function<bool()>& condition, std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Deferred> deferred_;
  std::vector<std::string> errors_;
  std::vector<std::string> events_;
  std::vector<std::vector<std::string>> chains_;
};

struct TestServerOptions {
  ServerSettings settings{.host = "127.0.0.1", .port = 0, .loops = 1, .limits = {}};
  bool requireClientCertificate = true;
  ClientChain clientChain = ClientChain::unchecked;
  std::string ca = {};
  std::vector<std::string> known = {};     // identities
  const Credential* credential = nullptr;  // null = serverCredential()
};

// A server on loopback whose handler does what the path says:
//   /hello      "hello\n"                    /echo       the body, at most 1,000,000 bytes
//   /ignore     "ignored" without the body   /identity   who the peer is
//   /defer      waits for Journal::takeDeferred, at most a minute
//   /late       deferred with a deadline that passes at once; onDeadline answers 504
//   /big/<n>    n bytes                      /header     value and count of x-test
//   /short      the body, at most 4 bytes    /throw      an exception
//   /nothing    returns without an answer    /pool       deferred and answered from another thread
//   /stream     an answer in pieces, written through Journal::takeDeferred; "abandoned" when it ends by
//   itself
class TestServer {
 public:
  explicit TestServer(TestServerOptions options = {});
  ~TestServer();

  [[nodiscard]] Server& operator*() { return *server_; }
  [[nodiscard]] Server* operator->() { return server_.get(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] Journal& journal() { return *journal_; }
  [[nodiscard]] base::Outcome<void> updateTls(const TestServerOptions& options);

 private:
  std::shared_ptr<Journal> journal_;
  std::unique_ptr<Server> server_;
};

[[nodiscard]] TlsSettings tlsSettingsOf(const TestServerOptions& options);
[[nodiscard]] std::shared_ptr<const PeerVerifier> makeVerifier(std::shared_ptr<Journal> journal,
                                                               std::vector<std::string> known = {});
[[nodiscard]] std::shared_ptr<const ClientTrust> trustOf(const TestServerOptions& options);
[[nodiscard]] HandlerFactory handlersFor(std::shared_ptr<Journal> journal);

// A directory that goes away with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace kes::http::test
