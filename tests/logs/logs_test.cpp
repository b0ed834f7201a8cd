// The log streams and the audit file of a whole server, over both versions of HTTP.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "crypto/x509.h"
#include "server/service.h"
#include "unit/http/test_client.h"
#include "unit/server/server_files.h"

namespace kes {
namespace {

using http::test::Credential;
using http::test::H1Client;
using http::test::H2Client;

class Logs : public testing::Test {
 protected:
  void SetUp() override { options_.pluginDirs = {KES_BINARY_DIR "/lib/kes/plugins"}; }
  void TearDown() override {
    if (service_) service_->stop();
  }

  server::Settings configured(const std::string& more, const std::string& allowed = "/v1/*") {
    options_.configFile =
        files_.configure("log: {error: off, audit: off" + log_ + "}\npolicy:\n  app:\n    allow: [" +
                         allowed + "]\n    identities: [" + reader_.identity() + "]\n" + more);
    auto settings = server::loadSettings(options_);
    if (!settings) throw std::runtime_error(settings.error().message);
    return std::move(*settings);
  }
  void start(const std::string& more = {}) {
    auto service = server::Service::start(options_, configured(more));
    ASSERT_TRUE(service) << service.error().message;
    service_ = std::move(*service);
  }
  void reload(const std::string& allowed) {
    const auto reloaded = service_->reload(options_, configured({}, allowed));
    ASSERT_TRUE(reloaded) << reloaded.error().message;
  }

  std::unique_ptr<H1Client> subscribe(const std::string& log) {
    auto client =
        std::make_unique<H1Client>(service_->port(), http::test::ClientOptions{.credential = &reader_});
    client->send("GET /v1/log/" + log + " HTTP/1.1\r\nHost: h\r\n\r\n");
    head_ = client->receiveUntil("\r\n\r\n");
    return client;
  }
  int ask(const std::string& method, const std::string& target, const Credential& who) {
    return H1Client(service_->port(), {.credential = &who}).request(method, target).status;
  }
  [[nodiscard]] std::string file() const {
    std::ifstream in(files_.path("audit.log"));
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Credential reader_ = http::test::makeCredential({});
  Credential stranger_ = http::test::makeCredential({});
  server::ServerFiles files_;
  std::string log_;   // more of the section `log:`
  std::string head_;  // of the answer to the last subscription
  server::RunOptions options_;
  std::unique_ptr<server::Service> service_;
};

TEST_F(Logs, auditStreamShowsEveryRequestAtOnceOverHttp1) {
  start();
  const auto stream = subscribe("audit");
  EXPECT_TRUE(head_.starts_with("HTTP/1.1 200 OK\r\n")) << head_;
  EXPECT_NE(head_.find("Content-Type: application/x-ndjson\r\n"), head_.npos) << head_;

  EXPECT_EQ(ask("PUT", "/v1/key/create/my-key", reader_), 200);
  const std::string created = stream->receiveUntil("}}\n");
  EXPECT_NE(created.find(R"("request":{"ip":"127.0.0.1","path":"/v1/key/create/my-key","identity":")" +
                         reader_.identity() + R"("},"response":{"code":200,"time":)"),
            created.npos)
      << created;
  EXPECT_EQ(ask("GET", "/v1/status", stranger_), 403);
  const std::string refused = stream->receiveUntil("}}\n");
  EXPECT_NE(refused.find(R"("path":"/v1/status","identity":")" + stranger_.identity() +
                         R"("},"response":{"code":403)"),
            refused.npos)
      << refused;
}

TEST_F(Logs, auditStreamShowsEveryRequestAtOnceOverHttp2) {
  start();
  H2Client client(service_->port(), {.credential = &reader_});
  const auto stream = client.submit({.target = "/v1/log/audit"});
  client.flush();
  ASSERT_TRUE(client.runUntil([&] { return client.response(stream).status == 200; }));
  EXPECT_EQ(client.response(stream).headers.at("content-type"), "application/x-ndjson");

  EXPECT_EQ(client.fetch({.target = "/v1/status"}).status, 200);
  ASSERT_TRUE(client.runUntil([&] { return client.response(stream).body.ends_with("}}\n"); }));
  EXPECT_NE(client.response(stream).body.find("\"path\":\"/v1/status\""), std::string::npos);
}

TEST_F(Logs, readersDoNotSeeThemselves) {
  start();
  const auto first = subscribe("audit");
  const auto second = subscribe("audit");
  EXPECT_EQ(ask("GET", "/version", reader_), 200);
  EXPECT_EQ(first->receiveUntil("}}\n").find("/v1/log"), std::string::npos);
}

TEST_F(Logs, errorStreamShowsTheTextOfTheErrorLog) {
  start();
  const auto stream = subscribe("error");
  service_->log().error(observe::level::kWarn, "disk is nearly full");
  const std::string event = stream->receiveUntil("}\n");
  EXPECT_NE(event.find("{\"message\":\"time="), event.npos) << event;
  EXPECT_NE(event.find("level=WARN msg=\\\"disk is nearly full\\\"\"}"), event.npos) << event;
}

TEST_F(Logs, streamsAreAsManyAsTheirLimitAllows) {
  start("limits: {log_streams: 2}\n");
  auto first = subscribe("audit");
  const auto second = subscribe("error");
  EXPECT_EQ(ask("GET", "/v1/log/audit", reader_), 429);
  first.reset();
  int status = 429;
  for (int i = 0; i < 10'000 && status == 429; ++i) {
    const auto third = subscribe("audit");
    status = std::stoi(head_.substr(9, 3));
  }
  EXPECT_EQ(status, 200);
}

TEST_F(Logs, manyReadersAllGetWhatHappens) {
  start();
  std::vector<std::unique_ptr<H1Client>> readers;
  for (int i = 0; i < 50; ++i) readers.push_back(subscribe("audit"));
  EXPECT_EQ(ask("GET", "/v1/status", reader_), 200);
  for (const auto& reader : readers) {
    EXPECT_NE(reader->receiveUntil("}}\n").find("/v1/status"), std::string::npos);
  }
}

TEST_F(Logs, aReaderThatIsSlowIsToldAndDropped) {
  start("limits: {log_stream_queue: 64KiB}\n");
  const auto errors = subscribe("error");
  const auto slow = subscribe("audit");
  // More than the buffers of both kernels and of the server hold.
  const std::string path(2000, 'x');
  const observe::AuditRecord record{
      .message = "served", .request = {"GET", path, "127.0.0.1", "abc"}, .status = 200};
  const std::string warning = [&] {
    std::string seen;
    for (int batch = 0; batch < 64; ++batch) {
      for (int i = 0; i < 1000; ++i) service_->log().audit(record);
      // The log has passed on all of them once it has passed on this.
      service_->log().error(observe::level::kError, "batch");
      while (!seen.contains("batch") && !seen.contains("too slowly")) seen = errors->receiveUntil("}\n");
      if (seen.contains("too slowly")) return seen;
      seen.clear();
    }
    return seen;
  }();
  EXPECT_NE(warning.find("level=WARN msg=\\\"log stream ended: its client reads too slowly\\\""),
            warning.npos)
      << warning;
  const std::string all = slow->receiveUntil("0\r\n\r\n");
  EXPECT_NE(all.find("{\"message\":\"log stream ended: its client reads too slowly\"}\n"), all.npos);
}

TEST_F(Logs, endWithTheRightToReadThem) {
  start();
  const auto stream = subscribe("audit");
  reload("/v1/status");
  const std::string last = stream->receiveUntil("0\r\n\r\n");
  EXPECT_NE(last.find("{\"message\":\"log stream ended: no longer allowed\"}\n"), last.npos) << last;
}

TEST_F(Logs, endWhenTheServerStops) {
  start();
  const auto stream = subscribe("audit");
  service_->stop();
  service_.reset();
  EXPECT_TRUE(stream->receiveUntil("0\r\n\r\n").ends_with("0\r\n\r\n"));
}

TEST_F(Logs, fileSaysWhyARequestWasRefused) {
  log_ = ", audit_file: " + files_.path("audit.log");
  start();
  EXPECT_EQ(ask("GET", "/v1/status", stranger_), 403);
  service_->stop();
  service_.reset();
  EXPECT_NE(file().find("\"msg\":\"access denied: no policy names this identity\""), std::string::npos)
      << file();
}

class RequiredAudit : public Logs {
 protected:
  void SetUp() override {
    Logs::SetUp();
    log_ = ", audit_required: true, audit_file: " + files_.path("audit.log");
  }
};

TEST_F(RequiredAudit, recordsAChangeBeforeAndAfterIt) {
  start();
  EXPECT_EQ(ask("PUT", "/v1/key/create/my-key", reader_), 200);
  const std::string text = file();
  const auto intent = text.find("secret key 'my-key' is to be created");
  const auto outcome = text.find("secret key 'my-key' created");
  EXPECT_NE(intent, text.npos) << text;
  EXPECT_NE(outcome, text.npos) << text;
  EXPECT_LT(intent, outcome);
}

TEST_F(RequiredAudit, recordsARequestBeforeItsAnswer) {
  start("keys: [{name: my-key}]\n");
  H2Client client(service_->port(), {.credential = &reader_});
  const auto answer = client.fetch({.method = "PUT", .target = "/v1/key/generate/my-key", .body = "{}"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("\"plaintext\""), std::string::npos) << answer.body;
  EXPECT_NE(file().find("/v1/key/generate/my-key"), std::string::npos);
  EXPECT_EQ(client.fetch({.target = "/nothing"}).status, 404);
  EXPECT_NE(file().find("/nothing"), std::string::npos);
}

// Files of this process may not grow: what a full disk does, without one.
class NoSpace {
 public:
  explicit NoSpace(rlim_t size) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~NoSpace() { setrlimit(RLIMIT_FSIZE, &before_); }
  NoSpace(const NoSpace&) = delete;
  NoSpace& operator=(const NoSpace&) = delete;

 private:
  rlimit before_{};
};

TEST_F(RequiredAudit, refusesEverythingWhileTheFileCannotBeWritten) {
  start("keys: [{name: my-key}]\n");
  H1Client client(service_->port(), {.credential = &reader_});
  EXPECT_EQ(client.request("GET", "/v1/key/describe/my-key").status, 200);
  {
    const NoSpace full(file().size());
    for (int i = 0; i < 3; ++i) {
      const auto refused = client.request("PUT", "/v1/key/create/another");
      EXPECT_EQ(refused.status, 503);
      EXPECT_EQ(refused.body, "{\"message\":\"audit log is not available: try again later\"}\n");
      EXPECT_EQ(client.request("GET", "/v1/key/describe/my-key").status, 503);
    }
  }
  // The first request may still be refused: it is the one that finds the file in order.
  int status = 503;
  for (int i = 0; i < 1000 && status == 503; ++i) {
    status = client.request("GET", "/v1/key/describe/another").status;
  }
  EXPECT_EQ(status, 404) << "nothing was sent to the store";
}

TEST_F(RequiredAudit, needsAFile) {
  log_ = ", audit_required: true";
  EXPECT_THROW(configured({}), std::runtime_error);
}

}  // namespace
}  // namespace kes
