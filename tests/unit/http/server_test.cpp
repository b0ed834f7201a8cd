#include "http/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <thread>

#include "unit/http/test_client.h"
#include "unit/http/test_server.h"

namespace kes::http::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Credential& client() {
  static const Credential credential = makeCredential({});
  return credential;
}

[[nodiscard]] base::SteadyTime in(std::chrono::nanoseconds delay) {
  return base::SteadyClock::now() + delay;
}

[[nodiscard]] std::size_t openFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(ServerStart, saysWhichAddressCannotBeBound) {
  TestServer first;
  auto settings = TestServerOptions{}.settings;
  settings.port = first.port();
  auto journal = std::make_shared<Journal>();

  const auto second = Server::start(settings, tlsSettingsOf({}), makeVerifier(journal), handlersFor(journal));

  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(first.port())), std::string::npos)
      << second.error().message;
}

TEST(ServerStart, refusesAHostThatIsNoAddress) {
  auto settings = TestServerOptions{}.settings;
  settings.host = "not an address";
  auto journal = std::make_shared<Journal>();

  EXPECT_FALSE(Server::start(settings, tlsSettingsOf({}), makeVerifier(journal), handlersFor(journal)));
}

TEST(ServerStart, passesOnWhatTheHandlerFactoryThrows) {
  auto journal = std::make_shared<Journal>();
  const auto factory = [&](std::size_t index) -> std::unique_ptr<Handler> {
    if (index == 1) throw std::runtime_error("no handler");
    return handlersFor(journal)(index);
  };
  auto settings = TestServerOptions{}.settings;
  settings.loops = 2;

  EXPECT_THROW(static_cast<void>(Server::start(settings, tlsSettingsOf({}), makeVerifier(journal), factory)),
               std::runtime_error);
}

TEST(ServerStart, listensOnAllInterfacesWithoutAHost) {
  TestServerOptions options;
  options.settings.host = "";
  TestServer server(options);
  H1Client connection(server.port(), {.credential = &client()});

  EXPECT_EQ(connection.request("GET", "/hello").status, 200);
}

TEST(ServerLoops, shareTheConnectionsEvenly) {
  TestServerOptions options;
  options.settings.loops = 3;
  TestServer server(options);
  std::vector<std::unique_ptr<H2Client>> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(std::make_unique<H2Client>(server.port(), ClientOptions{.credential = &client()}));
    EXPECT_EQ(clients.back()->fetch({}).status, 200);
  }

  EXPECT_EQ(server->loops(), 3U);
  EXPECT_EQ(server->counters().connections, 9U);
  EXPECT_EQ(server->counters().handshakes, 9U);
  EXPECT_EQ(server->counters().opened, (std::array<std::uint64_t, kProtocols>{0, 9}));
  EXPECT_EQ(server->counters().closed, (std::array<std::uint64_t, kProtocols>{0, 0}));
  EXPECT_EQ(server->counters().requests, 9U);
}

TEST(ServerLoops, serveManyClientsAtOnce) {
  TestServerOptions options;
  options.settings.loops = 2;
  TestServer server(options);
  std::vector<std::future<int>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::async(std::launch::async, [&server, i] {
      int good = 0;
      if (i % 2 == 0) {
        H1Client connection(server.port(), {.credential = &client()});
        for (int n = 0; n < 50; ++n)
          good += connection.request("POST", "/echo", "body").body == "body" ? 1 : 0;
      } else {
        H2Client connection(server.port(), {.credential = &client()});
        for (int n = 0; n < 50; ++n) good += connection.fetch({.target = "/pool"}).status == 200 ? 1 : 0;
      }
      return good;
    }));
  }
  for (auto& result : clients) EXPECT_EQ(result.get(), 50);
}

TEST(ServerStop, servesWhatIsInFlightAndSaysGoodbye) {
  TestServer server;
  H2Client h2(server.port(), {.credential = &client()});
  const auto stream = h2.submit({.target = "/defer"});
  h2.flush();
  auto first = server.journal().takeDeferred();
  H1Client h1(server.port(), {.credential = &client()});
  h1.send("GET /defer HTTP/1.1\r\nHost: h\r\n\r\n");
  auto second = server.journal().takeDeferred();
  H1Client idle(server.port(), {.credential = &client()});
  ASSERT_EQ(idle.request("GET", "/hello").status, 200);

  auto stopped = std::async(std::launch::async, [&] { server->stop(in(seconds(20))); });
  h2.waitForGoaways(2);  // the notice, then the last stream that is served
  EXPECT_EQ(h2.lastGoawayStream(), stream);
  EXPECT_TRUE(idle.atEnd());
  first.post([](Exchange* exchange) { exchange->respond(200, "", "one"); });
  second.post([](Exchange* exchange) { exchange->respond(200, "", "two"); });

  EXPECT_EQ(h2.wait(stream).body, "one");
  const auto response = h1.response();
  EXPECT_EQ(response.body, "two");
  EXPECT_EQ(response.headers.at("connection"), "close");
  h2.waitForEnd();
  EXPECT_TRUE(h1.atEnd());
}

TEST(ServerStop, abandonsAtTheDeadlineWhatIsStillOpen) {
  TestServer server;
  H2Client h2(server.port(), {.credential = &client()});
  h2.submit({.target = "/defer"});
  h2.flush();
  auto deferred = server.journal().takeDeferred();

  server->stop(in(milliseconds(50)));

  EXPECT_EQ(server.journal().count("abandoned /defer"), 1);
  bool ran = false;
  deferred.post([&ran](Exchange*) { ran = true; });
  EXPECT_FALSE(ran);
}

TEST(ServerStop, refusesNewConnections) {
  TestServer server;
  const auto port = server.port();
  server->stop(in(seconds(1)));

  EXPECT_THROW(static_cast<void>(connectTcp(port)), std::runtime_error);
}

TEST(ServerStop, mayBeRepeated) {
  TestServer server;
  server->stop(in(seconds(1)));
  server->stop(in(seconds(1)));
}

TEST(ServerStop, runsWhatWasPostedBeforeItWithoutAnExchange) {
  TestServer server;
  H1Client h1(server.port(), {.credential = &client()});
  h1.send("GET /defer HTTP/1.1\r\nHost: h\r\n\r\n");
  auto deferred = server.journal().takeDeferred();
  auto copy = deferred;
  std::promise<bool> sawExchange;
  auto answered = sawExchange.get_future();
  std::promise<void> stopping;
  // The loop is busy with this task until the server is stopping; what is posted behind it must still run.
  copy.post([&](Exchange*) { stopping.get_future().wait(); });
  deferred.post([&](Exchange* exchange) { sawExchange.set_value(exchange != nullptr); });

  auto stopped = std::async(std::launch::async, [&] { server->stop(in(milliseconds(0))); });
  stopping.set_value();

  static_cast<void>(answered.get());
}

TEST(ServerResources, leaveNoDescriptorBehind) {
  const auto before = openFiles();
  {
    TestServer server;
    for (int i = 0; i < 20; ++i) {
      H1Client h1(server.port(), {.credential = &client()});
      EXPECT_EQ(h1.request("GET", "/hello").status, 200);
      H2Client h2(server.port(), {.credential = &client()});
      EXPECT_EQ(h2.fetch({}).status, 200);
      TlsClient refused(server.port(), {});
      ::close(connectTcp(server.port()));
    }
  }
  EXPECT_EQ(openFiles(), before);
}

}  // namespace
}  // namespace kes::http::test
